"""Flattening of Discord embeds."""

from decimal import Decimal

from shared.domain.signals import Signal
from worker.parsing.embeds import flatten_embeds
from worker.parsing.parser import parse_message


def test_a_signal_that_lives_in_embed_fields_is_read() -> None:
    embed = {
        "title": "LONG SOL/USDT",
        "fields": [{"name": "Entry", "value": "142"}, {"name": "SL:", "value": "138"}, {"name": "TP", "value": "150"}],
        "footer": {"text": "Not financial advice"},
    }
    text = flatten_embeds("@everyone", [embed])
    assert text == "@everyone\nLONG SOL/USDT\nEntry: 142\nSL: 138\nTP: 150\nNot financial advice"
    reading = parse_message(text)
    assert isinstance(reading, Signal)
    assert (reading.entry, reading.stop_loss) == ((Decimal(142),), Decimal(138))


def test_malformed_embeds_are_passed_over() -> None:
    assert flatten_embeds("", [{"title": 5, "fields": "x", "footer": None}, {"fields": [7, {"name": "a"}]}]) == "a"
