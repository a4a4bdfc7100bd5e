"""Reads what a provider wrote: text in, a Signal or a reason why there is none out; pure."""
