"""Venues behind one protocol; only the worker opens them (`catalogue` is data and may be shown)."""
