"""Proofs of a login: the published example of PKCE, and states that nobody meets twice."""

import re

from shared.oauth.proofs import challenge_of, new_state, new_verifier


def test_the_challenge_is_that_of_the_example_in_rfc_7636_appendix_b() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_verifiers_have_the_length_and_the_characters_that_the_standard_allows() -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", new_verifier()) for _ in range(200))


def test_no_two_states_are_equal_and_each_has_at_least_128_bits() -> None:
    states = {new_state() for _ in range(10_000)}
    assert len(states) == 10_000
    assert min(len(state) for state in states) * 6 >= 128
