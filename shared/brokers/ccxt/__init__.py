"""Venues reached through ccxt: its endpoints and signatures, our transport and our reading of answers."""
