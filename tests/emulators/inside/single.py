"""The inside venue where stops rest alone and have a limit."""

from tests.emulators.inside.adapter import InsideAdapter
from tests.emulators.inside.rows import SINGLE

ADAPTER = InsideAdapter(SINGLE)
