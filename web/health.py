"""For load balancers and the runner: is the process alive, and can it serve."""

import redis
from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue
from mongoengine.connection import get_connection
from pymongo.errors import PyMongoError

from shared.settings import Settings
from web.auth.policy import public
from web.extensions import redis_client

blueprint = Blueprint("health", __name__)


def bind(app: Flask, _settings: Settings) -> None:
    """Add /healthz and /readyz."""
    app.register_blueprint(blueprint)


@blueprint.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """Tell that the process answers."""
    return jsonify(status="alive")


@blueprint.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """Tell whether MongoDB and Redis answer; 503 names the one that does not."""
    away = []
    try:
        get_connection().admin.command("ping")
    except PyMongoError:
        away.append("mongodb")
    try:
        redis_client().ping()
    except redis.RedisError:
        away.append("redis")
    if away:
        return jsonify(status="not ready", away=away), 503
    return jsonify(status="ready", away=[])
