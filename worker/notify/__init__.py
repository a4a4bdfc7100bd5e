"""What users are told: events as outbox rows, then delivery to their rooms."""
