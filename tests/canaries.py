"""Secrets that are looked for: each of a kind that occurs nowhere else, and every place where one could have been left.

A house that runs on these values and leaves none of them in its logs, its servers' data, its tasks and its pages
leaves no others there either. Add a secret here together with the setting, column or form that takes it.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pymongo
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

CANARIES = {
    name: f"canary/{name}+{number:04d}Zq7"
    for number, name in enumerate(
        (
            "secret-key",
            "discord-client-secret",
            "flower-password",
            "market-key",
            "market-secret",
            "broker-key",
            "broker-secret",
            "hook-secret",
            "old-hook-secret",
            "guessed-secret",
        ),
        start=1,
    )
}
"""By name. The signs / and + are written otherwise in an address, in JSON or in base64: those forms are found too."""

_BODY = re.compile(rb'"body": ?"([A-Za-z0-9+/=]+)"')


def settings() -> dict[str, str]:
    """Return the environment of a house whose every secret setting is a canary."""
    return {
        "SECRET_KEY": CANARIES["secret-key"],
        "DISCORD_CLIENT_SECRET": CANARIES["discord-client-secret"],
        "FLOWER_BASIC_AUTH": f"flower:{CANARIES['flower-password']}",
        "MARKET_KEY_ALPACA_SANDBOX": f"{CANARIES['market-key']}:{CANARIES['market-secret']}",
        "LOG_LEVEL": "DEBUG",
    }


def find_in(text: bytes, secrets: Mapping[str, str]) -> set[str]:
    """Name the secrets that are in a text: as they are, in an address, as JSON, hex, or somewhere in base64."""
    return {name for name, value in secrets.items() if any(form in text for form in _forms(value))}


def find_in_files(folder: Path, secrets: Mapping[str, str]) -> set[str]:
    """Name the secrets that are in any file below a folder, also in the bodies of tasks that passed."""
    found: set[str] = set()
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            found |= {f"{path.name}: {name}" for name in find_in(text, secrets)}
            found |= {
                f"{path.name}, a task: {name}" for name in find_in(b"\n".join(bodies_in(text)), secrets)
            }
    return found


def find_in_database(database: "Database[Any]", secrets: Mapping[str, str]) -> set[str]:
    """Name the secrets that are in any row of any collection, by collection."""
    found: set[str] = set()
    for name in database.list_collection_names(filter={"type": "collection"}):
        rows: Iterable[RawBSONDocument] = database.get_collection(
            name, codec_options=database.codec_options.with_options(document_class=RawBSONDocument)
        ).find()
        found |= {f"{name}: {secret}" for row in rows for secret in find_in(row.raw, secrets)}
    return found


def find_in_server(client: "pymongo.MongoClient[Any]", name: str, secrets: Mapping[str, str]) -> set[str]:
    """Name the secrets that are in a database or in the log of writes that its server keeps."""
    return find_in_database(client[name], secrets) | find_in_database(client["local"], secrets)


def bodies_in(text: bytes) -> Iterator[bytes]:
    """Read the bodies of Celery's messages as the broker has them."""
    for found in _BODY.finditer(text.replace(b'\\"', b'"')):
        yield base64.b64decode(found[1] + b"==")


def _forms(value: str) -> Iterator[bytes]:
    plain = value.encode()
    yield plain
    yield quote(value, safe="").encode()
    yield plain.replace(b"/", b"\\/")
    yield plain.hex().encode()
    # In base64 a text has three forms, by where it begins; what its neighbours are mixed into is left away.
    for shift in range(3):
        yield base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 : -4]
