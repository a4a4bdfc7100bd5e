"""Binance's spot market as a process of its own: its REST API, its own book, its own log, faults on request."""
