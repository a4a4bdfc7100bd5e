"""A small exchange as a process of its own: its own book, its own log, faults on request."""
