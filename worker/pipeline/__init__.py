"""One signal, by name: ingest, route, plan, submit, apply, settle, protect, reconcile, sweep."""
