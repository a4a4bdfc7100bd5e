"""Codes of a second factor: those of the published examples, one step of drift, and nothing else."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from web.auth.codes import (
    RECOVERY_CODES,
    address_of,
    new_recovery_codes,
    new_seed,
    step_of,
    tidy,
)

# The seed and the last six digits of the codes in RFC 6238, appendix B (SHA-1).
SEED = base64.b32encode(b"12345678901234567890").decode()
EXAMPLES = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}


@pytest.mark.parametrize(("second", "code"), EXAMPLES.items())
def test_the_codes_are_those_of_the_standard(second: int, code: str) -> None:
    assert step_of(SEED, code, datetime.fromtimestamp(second, UTC)) == second // 30


def test_a_code_is_taken_one_step_early_or_late_and_no_more() -> None:
    at = datetime.fromtimestamp(1111111109, UTC)
    taken = [step_of(SEED, "081804", at + timedelta(seconds=30 * steps)) for steps in (-2, -1, 0, 1, 2)]
    assert taken == [None, *[1111111109 // 30] * 3, None]


@pytest.mark.parametrize("code", ["", "08180", "0818044", "08180x", "٠٨١٨٠٤", "      ", "-81804", "0x1804"])
def test_what_is_no_six_digits_is_no_code(code: str) -> None:
    assert step_of(SEED, code, datetime.fromtimestamp(1111111109, UTC)) is None


def test_an_app_reads_seed_name_and_issuer_from_the_address() -> None:
    address = address_of(SEED, "Anna & Bert")
    assert address.startswith("otpauth://totp/Trade%20Executor:Anna%20%26%20Bert?secret=" + SEED)
    assert "issuer=Trade%20Executor" in address


def test_seeds_are_long_and_never_the_same() -> None:
    seeds = {new_seed() for _ in range(1000)}
    assert len(seeds) == 1000
    assert all(len(base64.b32decode(seed)) == 20 for seed in seeds)


def test_ten_recovery_codes_are_ten_different_ones_that_are_compared_without_their_dash() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == RECOVERY_CODES
    assert all(len(tidy(code)) == 10 for code in codes)
    assert tidy(f" {codes[0].upper()} ") == codes[0].replace("-", "")
