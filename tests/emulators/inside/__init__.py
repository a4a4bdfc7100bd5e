"""Venues within the test's own process, one for each way of covering that no other emulator has yet."""
