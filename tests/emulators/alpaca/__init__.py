"""An emulated Alpaca for tests: stocks, options and crypto, over HTTP on loopback."""
