"""How fast, beside something everybody can judge: every figure is a ratio or comes with its machine."""
