"""Alpaca, whose stocks trade around the clock: a fake clock for its exchange, registered from outside the tree."""
