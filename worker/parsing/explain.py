"""Which words each field of a reading came from, for people: what `--explain` adds to a row."""

from shared.domain.signals import NotASignal, Reading, Signal
from worker.parsing.reasons import REASONS

SURROUNDINGS = 12


def explain(text: str, reading: Reading) -> dict[str, object]:
    """Return the words behind each role with their places `[start, end)`, and a sentence where nothing is asked.

    A role such as `entry` or `target` may have several places; they stand in the order of the text. What no span
    explains (a side that only stop and targets imply) is listed under `implied`.
    """
    words: dict[str, list[dict[str, object]]] = {}
    for span in sorted(reading.spans, key=lambda span: (span.start, span.end)):
        words.setdefault(span.role, []).append(
            {
                "text": text[span.start : span.end],
                "start": span.start,
                "end": span.end,
                "around": text[max(0, span.start - SURROUNDINGS) : span.end + SURROUNDINGS],
            }
        )
    answer: dict[str, object] = {"words": words}
    if isinstance(reading, NotASignal):
        answer["why_not"] = REASONS.get(reading.reason, reading.reason)
    else:
        answer["implied"] = _implied(reading, words)
    return answer


def _implied(reading: Signal, words: dict[str, list[dict[str, object]]]) -> list[str]:
    implied = []
    if reading.side is not None and "side" not in words and reading.option is None:
        implied.append("side: from where stop and targets lie")
    if reading.symbol is not None and "symbol" not in words:
        implied.append("symbol: from the message that this one answers")
    if reading.action.value == "open" and not reading.entry:
        implied.append("entry: now, no price is given")
    return implied
