"""Whether a venue keeps what the engine builds on: contract cards at its emulator, and at its own sandbox with a key."""
