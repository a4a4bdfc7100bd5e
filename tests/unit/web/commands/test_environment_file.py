"""The .env file: nothing that is there is lost, what is written reads back, nobody else can read it."""

import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from web.commands.frame import CommandError
from web.commands.setup.command import generate_secrets
from web.commands.setup.environment_file import EnvironmentFile

TEMPLATE = "# What it is for.\nFIRST=\n# More.\nSECOND=preset\n"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template with two variables."""
    path = tmp_path / "template"
    path.write_text(TEMPLATE)
    return path


def test_a_new_file_is_the_template_with_values_and_only_its_owner_reads_it(tmp_path: Path, template: Path):
    path = tmp_path / ".env"
    file = EnvironmentFile(path, template)
    assert file.get("SECOND") == ""
    file.put("FIRST", "1")
    file.put("THIRD", "3")
    file.write()
    assert path.read_text() == "# What it is for.\nFIRST=1\n# More.\nSECOND=preset\nTHIRD=3\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_lines_that_somebody_wrote_stay(tmp_path: Path, template: Path):
    path = tmp_path / ".env"
    path.write_text("# mine\nexport FIRST = old\nOTHER='kept value' # why\n")
    path.chmod(0o644)
    file = EnvironmentFile(path, template)
    assert (file.get("FIRST"), file.get("OTHER")) == ("old", "kept value")
    file.put("FIRST", "new")
    file.write()
    assert path.read_text() == "# mine\nFIRST=new\nOTHER='kept value' # why\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@given(value=st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0$"), min_size=1, max_size=80))
def test_what_is_written_reads_back(tmp_path_factory: pytest.TempPathFactory, value: str):
    folder = tmp_path_factory.mktemp("env")
    file = EnvironmentFile(folder / ".env", folder / "none")
    file.put("NAME", value)
    file.write()
    assert dotenv_values(folder / ".env", interpolate=False) == {"NAME": value}


def test_values_of_several_lines_and_unreadable_files_are_refused(tmp_path: Path, template: Path):
    with pytest.raises(CommandError, match="one line"):
        EnvironmentFile(tmp_path / ".env", template).put("FIRST", "a\nINJECTED=1")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(CommandError, match="cannot be read"):
        EnvironmentFile(tmp_path / "binary", template)
    with pytest.raises(CommandError, match="cannot be written"):
        EnvironmentFile(tmp_path / "no" / "folder" / ".env", template).write()


def test_secrets_are_made_once_and_never_replaced(tmp_path: Path, template: Path):
    file = EnvironmentFile(tmp_path / ".env", template)
    assert len(generate_secrets(file)) == 4
    before = {name: file.get(name) for name in ("SECRET_KEY", "CREDENTIAL_PRIVATE_KEYS", "FLOWER_BASIC_AUTH")}
    assert generate_secrets(file) == []
    assert {name: file.get(name) for name in before} == before
    assert len(before["SECRET_KEY"]) >= 32


def test_half_a_pair_of_credential_keys_is_never_completed_with_a_stranger(tmp_path: Path, template: Path):
    path = tmp_path / ".env"
    path.write_text("CREDENTIAL_PUBLIC_KEYS=abc\n")
    with pytest.raises(CommandError, match="without its other half"):
        generate_secrets(EnvironmentFile(path, template))
