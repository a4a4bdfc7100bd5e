""".env.example says the truth: every variable of the settings, each explained, and none that nobody reads."""

import re

from shared.local import PROJECT
from shared.settings import Settings

LINES = (PROJECT / ".env.example").read_text().splitlines()
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
    named = {name for name in assignments() if not name.startswith("VENUE_URL_")}
    assert named == {name.upper() for name in Settings.model_fields if name != "venue_urls"}
    assert any(name.startswith("VENUE_URL_") for name in assignments())


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
        if "Secret" in str(field.annotation):
            assert re.search(rf"^{name.upper()}=$", text, re.MULTILINE), name
