"""Opening what is sealed: only workers hold the private keys, and only here is a credential read."""

import json
from collections.abc import Mapping
from dataclasses import fields

from shared.brokers.factory import Credentials
from shared.domain.accounts import Account
from shared.domain.errors import PermanentError
from shared.models.credentials import SealedCredential
from shared.vault import PrivateKeys, VaultError, credential_record

_LOGIN_FIELDS = frozenset(item.name for item in fields(Credentials))


def open_secret(keys: PrivateKeys, stored: SealedCredential) -> dict[str, str]:
    """Open one credential: what a login takes, and for tokens what they are refreshed with.

    Raises
    ------
    PermanentError
        CREDENTIALS_UNREADABLE where it does not open with the keys at hand.
    """
    try:
        text = keys.unseal(credential_record(stored.account_id, stored.credential_id), stored.sealed)
    except VaultError as error:
        raise PermanentError("CREDENTIALS_UNREADABLE", str(error)) from error
    opened: dict[str, str] = json.loads(text.get_secret_value())
    return opened


def open_login(
    keys: PrivateKeys, account: Account, sealed: Mapping[str, SealedCredential]
) -> Credentials | None:
    """Open what an account's login takes, None where it has none.

    Raises
    ------
    PermanentError
        CREDENTIALS_MISSING where it is not stored, or as `open_secret`.
    """
    if account.credential_id is None:
        return None
    stored = sealed.get(account.credential_id)
    if stored is None or stored.account_id != account.account_id:
        raise PermanentError("CREDENTIALS_MISSING", f"account {account.name} has no stored key")
    # What tokens are refreshed with is no broker's business.
    opened = open_secret(keys, stored)
    return Credentials(**{name: value for name, value in opened.items() if name in _LOGIN_FIELDS})
