"""An outage is one event with a beginning and an end, however many calls it strikes."""

from bot.outage import Outage, one_line


def test_each_outage_ends_once() -> None:
    ends: list[str] = []
    outage = Outage(lambda: ends.append("over"))
    outage.worked()
    for _ in range(2):
        outage.failed(OSError("away"))
        outage.failed(OSError("still away"))
        outage.worked()
        outage.worked()
    assert ends == ["over", "over"]


def test_an_error_is_one_line_whatever_it_carries() -> None:
    assert one_line(TimeoutError()) == "TimeoutError"
    assert one_line(ValueError("first\nsecond")) == "ValueError: first"
    assert len(one_line(ValueError("x" * 9000))) < 250
