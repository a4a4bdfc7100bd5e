"""The rules of the business: pure functions and frozen values, standard library only."""
