""".env.example says the truth: every variable of the settings, each explained, and none that nobody reads."""

import re

from shared.local import PROJECT
from shared.settings import Settings

LINES = (PROJECT / ".env.example").read_text().splitlines()
# Fields that are filled by variables of many names.
BY_VENUE = {"VENUE_URL_": "venue_urls", "OAUTH_URL_": "oauth_urls", "MARKET_KEY_": "market_keys"}
ASSIGNMENT = re.compile(r"#?([A-Z][A-Z0-9_]*)=(.*)")


def assignments() -> dict[str, int]:
    """Each variable and the number of its line."""
    found = {}
    for number, line in enumerate(LINES):
        match = ASSIGNMENT.fullmatch(line)
        if match:
            found[match[1]] = number
    return found


def test_every_setting_has_its_line_and_every_line_its_setting():
    named = {name for name in assignments() if not name.startswith(tuple(BY_VENUE))}
    assert named == {name.upper() for name in Settings.model_fields if name not in BY_VENUE.values()}
    for prefix in BY_VENUE:
        assert any(name.startswith(prefix) for name in assignments())


def test_every_variable_is_explained_by_the_comment_above_it():
    for name, number in assignments().items():
        above = number - 1
        while above > 0 and ASSIGNMENT.fullmatch(LINES[above]):
            above -= 1
        assert LINES[above].startswith("# "), name


def test_what_it_presets_is_the_default_of_the_settings():
    for name, number in assignments().items():
        value = LINES[number].partition("=")[2]
        if value:
            assert str(Settings.model_fields[name.lower()].default) == value, name


def test_it_holds_no_secret():
    text = "\n".join(LINES)
    for name, field in Settings.model_fields.items():
        if "Secret" in str(field.annotation) and name not in BY_VENUE.values():
            assert re.search(rf"^{name.upper()}=$", text, re.MULTILINE), name
    keys = [line for line in LINES if line.startswith(("MARKET_KEY_", "#MARKET_KEY_"))]
    assert all(line.endswith("=") for line in keys)
