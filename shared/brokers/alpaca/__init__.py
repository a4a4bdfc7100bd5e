"""Alpaca: stocks, options and crypto, asked through alpaca-py's client."""
