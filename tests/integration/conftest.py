"""The order of the files: whoever runs longest begins first, so that no process waits for another's last file."""

import pytest

LONGEST = (
    "house/test_limits_at_once",
    "house/test_by_hand",
    "worker/binance/test_faults",
    "shared/test_local",
    "worker/pipeline/test_update_table",
    "shared/test_inbox",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the others stay as they were shuffled."""

    def place(item: pytest.Item) -> int:
        path = item.path.as_posix()
        return next((n for n, name in enumerate(LONGEST) if f"{name}.py" in path), len(LONGEST))

    items.sort(key=place)
