"""`python -m tests.emulators.binance_futures --port 0 --state-dir D`: one JSON line with the address, then serve."""

from tests.emulators.binance.__main__ import main
from tests.emulators.binance_futures.server import BinanceFutures

if __name__ == "__main__":
    main(BinanceFutures, "tests.emulators.binance_futures")
