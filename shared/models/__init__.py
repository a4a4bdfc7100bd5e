"""MongoDB documents: fields, indexes and atomic verbs; no business rules (docs/data.md says who writes what)."""
