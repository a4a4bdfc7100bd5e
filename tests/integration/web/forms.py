"""Forms as a browser sends them: with the token of the page they stand on."""

import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def token_on(client: FlaskClient, page: str) -> str:
    """Read the token of a page's forms; empty where it has none."""
    found = TOKEN.search(client.get(page).text)
    return found[1] if found else ""


def send(client: FlaskClient, path: str, page: str, **fields: str) -> TestResponse:
    """Send a form that stands on `page` to `path`."""
    return client.post(path, data={"csrf_token": token_on(client, page), **fields})
