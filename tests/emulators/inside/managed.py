"""The inside venue where nothing rests."""

from tests.emulators.inside.adapter import InsideAdapter
from tests.emulators.inside.rows import MANAGED

ADAPTER = InsideAdapter(MANAGED)
