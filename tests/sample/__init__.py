"""A follower's day written straight into the database, for tests and pictures of pages."""
