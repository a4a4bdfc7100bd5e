"""An emulated Coinbase: Advanced Trade's spot market on loopback, over the book that all emulated exchanges share."""
