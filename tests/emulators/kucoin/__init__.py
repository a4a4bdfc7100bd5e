"""An emulated KuCoin spot market: orders with a stop in a family of their own, and answers in envelopes."""
