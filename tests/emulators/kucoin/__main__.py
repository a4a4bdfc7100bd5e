"""`python -m tests.emulators.kucoin --port 0 --state-dir D`: one JSON line with the address, then serve."""

from tests.emulators.binance.__main__ import main
from tests.emulators.kucoin.server import Kucoin

if __name__ == "__main__":
    main(Kucoin, "tests.emulators.kucoin")
