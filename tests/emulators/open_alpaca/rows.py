"""Alpaca's own entry, without the hours of its exchange."""

from dataclasses import replace

from shared.brokers.rows.alpaca import VENUE as ALPACA

VENUE = replace(ALPACA, rows=tuple(replace(row, calendar="") for row in ALPACA.rows))
