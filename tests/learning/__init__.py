"""Trains the intent classifier and estimates what the next provider's messages meet; see docs/parsing.md."""
