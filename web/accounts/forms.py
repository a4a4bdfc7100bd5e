"""What people fill in to connect an account, read against the catalogue; a secret is sealed at once and never shown again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pydantic import SecretStr

from shared.brokers.venue import Venue
from shared.domain.accounts import Environment
from shared.domain.money import parse_decimal
from web.accounts.rows import DEFAULT_BALANCE, MAX_BALANCE, needs_credentials

LONGEST_NAME = 80
_LONGEST_SECRET = 8192


class FormError(ValueError):
    """What is wrong with a form, in a sentence for the one who filled it in; holds no secret."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a venue's login as a page shows it."""

    name: str
    label: str
    help: str
    is_long: bool = False
    is_secret: bool = True


@dataclass(frozen=True, slots=True)
class Wish:
    """An account that somebody wants to connect; `secret` is None for paper money."""

    environment: Environment
    name: str
    secret: SecretStr | None
    balance: Decimal | None


def login_fields(venue: Venue) -> tuple[tuple[Field, ...], ...]:
    """Return the ways to log in at a venue, each with its fields."""
    known = {
        "api_key": Field("api_key", "API key", "The public half, as the exchange shows it.", is_secret=False),
        "secret": Field("secret", "Secret", "Shown once by the exchange, when the key is made."),
        "passphrase": Field("passphrase", "Passphrase", "The one that you chose for this key."),
        "access_token": Field("access_token", "Access token", "In place of a key and its secret."),
    }
    if venue.private_key:
        known["secret"] = Field("secret", "Private key", "All lines, from BEGIN to END.", is_long=True)
        known["api_key"] = Field("api_key", "Key name", "It begins with organizations/.", is_secret=False)
    return tuple(tuple(known[name] for name in names) for names in venue.credentials)


def read_wish(venue: Venue, form: Mapping[str, str]) -> Wish:
    """Read a form that connects an account.

    Raises
    ------
    FormError
        In a sentence that says what to change.
    """
    environment = read_environment(venue, form)
    name = read_name(form.get("name"), f"{venue.title} {environment}")
    if environment is Environment.PAPER:
        return Wish(environment, name, None, _read_balance(form.get("balance")))
    secret = read_login(venue, form) if needs_credentials(venue, environment) else None
    return Wish(environment, name, secret, None)


def read_environment(venue: Venue, form: Mapping[str, str]) -> Environment:
    """Read which environment is meant; raises FormError where the venue has no such one."""
    try:
        environment = Environment(form.get("environment", ""))
    except ValueError:
        raise FormError("Choose where to trade: paper, sandbox or live.") from None
    if not venue.offers(environment):
        raise FormError(f"{venue.title} has no {environment} accounts here.")
    return environment


def read_name(text: str | None, otherwise: str) -> str:
    """Read a name to show; raises FormError for one that no list could show."""
    name = (text or "").strip() or otherwise
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise FormError(f"A name has at most {LONGEST_NAME} characters, all of which can be seen.")
    return name


def read_login(venue: Venue, form: Mapping[str, str]) -> SecretStr:
    """Read one of the venue's ways to log in, and write it as workers read it after opening.

    Raises
    ------
    FormError
        Where a field is missing or too long; names the field and shows none of it.
    """
    given = {name: form.get(name, "").strip() for names in venue.credentials for name in names}
    filled = {name for name, text in given.items() if text}
    ways = [names for names in venue.credentials if filled == set(names)]
    if not ways:
        labels = (" and ".join(field.label for field in way) for way in login_fields(venue))
        raise FormError(f"Fill in {' (or: '.join(labels)}{')' * (len(venue.credentials) - 1)}.")
    if any(len(given[name]) > _LONGEST_SECRET for name in ways[0]):
        raise FormError("That is longer than any key. Copy it again.")
    return SecretStr(json.dumps({name: given[name] for name in ways[0]}))


def _read_balance(text: str | None) -> Decimal:
    if not (text or "").strip():
        return DEFAULT_BALANCE
    try:
        balance = parse_decimal((text or "").strip())
    except ValueError:
        raise FormError("The paper money to begin with is a number, as 10000.") from None
    if not 0 < balance <= MAX_BALANCE:
        raise FormError("The paper money to begin with is above 0, and less than a million millions.")
    return balance
