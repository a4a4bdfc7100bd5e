"""Logins at other parties by OAuth2: proofs of who began one, and one interface for every party."""
