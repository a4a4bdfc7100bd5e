"""`python -m tests.emulators.coinbase --port 0 --state-dir D`: one JSON line with the address, then serve."""

from tests.emulators.binance.__main__ import main
from tests.emulators.coinbase.server import Coinbase

if __name__ == "__main__":
    main(Coinbase, "tests.emulators.coinbase")
