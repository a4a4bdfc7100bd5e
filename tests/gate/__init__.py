"""The mutation gate: with each guard of the order path removed in turn, the tests must turn red."""
