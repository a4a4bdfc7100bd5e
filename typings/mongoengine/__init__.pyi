# What we use of mongoengine 0.29, which ships no types.
from typing import Any, ClassVar, Self

from pymongo import MongoClient
from pymongo.collection import Collection

from . import fields as fields

class _Base:
    def __init__(self, *args: Any, **values: Any) -> None: ...
    def to_mongo(self) -> dict[str, Any]: ...

class EmbeddedDocument(_Base):
    meta: ClassVar[dict[str, Any]]

class Document(_Base):
    meta: ClassVar[dict[str, Any]]
    _meta: ClassVar[dict[str, Any]]
    _fields: ClassVar[dict[str, fields.BaseField]]
    objects: ClassVar[Any]
    @classmethod
    def _get_collection(cls) -> Collection[dict[str, Any]]: ...
    @classmethod
    def _get_collection_name(cls) -> str: ...
    @classmethod
    def ensure_indexes(cls) -> None: ...
    def save(self, *args: Any, **options: Any) -> Self: ...

def connect(db: str | None = ..., alias: str = ..., **options: Any) -> MongoClient[dict[str, Any]]: ...
def disconnect(alias: str = ...) -> None: ...
def get_connection(alias: str = ...) -> MongoClient[dict[str, Any]]: ...
