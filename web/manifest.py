"""Names of the built style and script files: `make assets` writes them with a hash of their content."""

import json
from pathlib import Path

from flask import Flask, url_for

from shared.settings import Settings

MANIFEST = Path(__file__).parent / "static" / "build" / "manifest.json"


def bind(app: Flask, _settings: Settings) -> None:
    """Give templates `asset_url`."""
    names = read_manifest(MANIFEST)

    def asset_url(name: str) -> str:
        return url_for("static", filename=f"build/{names.get(name, name)}")

    app.jinja_env.globals["asset_url"] = asset_url


def read_manifest(path: Path) -> dict[str, str]:
    """Read which built file stands for which name; empty before the first build."""
    if not path.is_file():
        return {}
    return {str(name): str(built) for name, built in json.loads(path.read_text("utf-8")).items()}
