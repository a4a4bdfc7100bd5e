"""The only part that touches money: reads messages, walks gates, places, covers, reconciles, notifies."""
