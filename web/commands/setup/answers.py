"""Checks of single answers: each returns the value to write, or raises ValueError with one sentence."""

import re

import pymongo
import redis
from pymongo.errors import PyMongoError

from shared.programs import is_free
from web.commands.frame import first_line

LOCAL = "local"
_ANSWER_SECONDS = 3.0
_SNOWFLAKE = re.compile(r"\d{15,21}")


def check_redis_url(text: str) -> str:
    """Accept a Redis that answers, or `local` for one that `make run` starts."""
    if text == LOCAL:
        return ""
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must start with redis://, rediss:// or unix://, or be local")
    client = redis.Redis.from_url(
        text, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS, retry=None
    )
    try:
        client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        raise ValueError(f"Redis does not answer: {first_line(error)}") from None
    finally:
        client.close()
    return text


def check_mongodb_uri(text: str) -> str:
    """Accept a MongoDB replica set that answers, or `local` for one that `make run` starts."""
    if text == LOCAL:
        return ""
    if not text.startswith(("mongodb://", "mongodb+srv://")):
        raise ValueError("must start with mongodb:// or mongodb+srv://, or be local")
    wait = int(_ANSWER_SECONDS * 1000)
    try:
        with pymongo.MongoClient[dict[str, object]](
            text, serverSelectionTimeoutMS=wait, connectTimeoutMS=wait, socketTimeoutMS=wait
        ) as client:
            hello = client.admin.command("hello")
    except (PyMongoError, ValueError) as error:
        raise ValueError(f"MongoDB does not answer: {first_line(error)}") from None
    if "setName" not in hello:
        raise ValueError("this MongoDB is no replica set: start mongod with --replSet (one member will do)")
    return text


def check_free_port(text: str) -> str:
    """Accept a port of this machine that nobody uses."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ValueError("a port is a number between 1 and 65535")
    if not is_free(int(text)):
        raise ValueError(f"port {text} is taken: choose another one")
    return text


def check_snowflake(text: str) -> str:
    """Accept an id as Discord writes them."""
    if not _SNOWFLAKE.fullmatch(text):
        raise ValueError("an id of Discord is 15 to 21 digits (right click, Copy ID)")
    return text
