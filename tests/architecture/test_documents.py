"""What is written for people agrees with what the program does."""

import re
from typing import Any

import pytest

from shared.models.all import DOCUMENTS
from shared.models.paper import PAPER_DOCUMENTS
from shared.settings import Settings
from shared.tasks import Queue
from tests.architecture.sources import ROOT

DATA = (ROOT / "docs" / "data.md").read_text()
ROWS = {
    cells[0].split()[0]: cells
    for line in DATA.splitlines()
    if line.startswith("| ") and len(cells := [cell.strip() for cell in line.strip("| ").split(" | ")]) == 5
}


def test_the_paper_venues_documents_are_among_all():
    assert set(PAPER_DOCUMENTS) <= set(DOCUMENTS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.__name__)
def test_every_document_is_described_with_owner_writers_and_retention(document: Any):
    name, owner, writers, kept, _ = ROWS[document.__name__]
    assert name == f"{document.__name__} `{document._get_collection_name()}`"
    assert owner
    assert len(writers.split()) > 2
    assert kept
    assert (document.__doc__ or "").startswith(("Owner: ", "One row"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.__name__)
def test_every_index_is_described(document: Any):
    described = ROWS[document.__name__][4]
    for index in document._meta.get("indexes", []):
        fields = index["fields"] if isinstance(index, dict) else index
        named = " · ".join(_direction(field) for field in fields)
        assert named in described, f"{named} is not in {described}"
        if isinstance(index, dict) and index.get("unique"):
            assert f"`{named} (unique" in described
        if isinstance(index, dict) and (seconds := index.get("expireAfterSeconds")):
            assert f"{named} (TTL {seconds // 86_400} d)" in described


def _direction(field: Any) -> str:
    name, direction = field if isinstance(field, tuple) else (field, 1)
    return name if direction == 1 else f"-{name}"


def test_no_document_is_described_that_does_not_exist():
    assert {name for name in ROWS if name[0].isupper()} == {document.__name__ for document in DOCUMENTS}


def test_every_target_of_the_makefile_says_what_it_does():
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony
    explained = dict(re.findall(r"^([a-z-]+): ## (.+)$", makefile, re.MULTILINE))
    assert set(explained) == set(phony[1].split())
    targets = set(re.findall(r"^([a-z][a-z-]*):(?!=)", makefile, re.MULTILINE))
    assert targets == set(explained)
    assert all(len(text) > 10 for text in explained.values())


def test_the_procfile_starts_a_worker_for_every_queue():
    procfile = (ROOT / "Procfile").read_text()
    assert re.findall(r"worker -Q ([a-z]+)", procfile) == [str(queue) for queue in Queue]


def test_the_design_of_the_environment_is_in_the_example_file():
    example = (ROOT / ".env.example").read_text()
    by_venue = {"venue_urls", "oauth_urls", "market_keys"}
    assert all(f"{name.upper()}=" in example for name in Settings.model_fields if name not in by_venue)


def test_lock_files_name_no_registry():
    for name in ("requirements.lock", "requirements-node.lock", "web/assets/package-lock.json"):
        text = (ROOT / name).read_text()
        assert not re.search(r"\"resolved\"|--(extra-)?index-url|--find-links", text), name
