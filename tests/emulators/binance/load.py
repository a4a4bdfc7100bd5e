"""`python -m tests.emulators.binance.load`: how many orders a second the venue takes, and what each costs it.

The figures are the venue's own processor time; the sender shares the machine and slows it down.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from tests.emulators.binance.control import BinanceProcess
from tests.emulators.binance.signing import signature_of

_HEAD = (
    "POST /api/v3/order HTTP/1.1\r\nHost: {host}\r\nX-MBX-APIKEY: {key}\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
    "User-Agent: Python/3.11 aiohttp/3.14.5\r\nContent-Length: {length}\r\n\r\n{body}"
)


def order_request(host: str, account: int, symbol: str, *, kind: str) -> bytes:
    """One signed order, as ccxt writes it."""
    terms = "type=MARKET" if kind == "market" else "type=LIMIT&timeInForce=GTC&price=10.00"
    payload = (
        f"timestamp={time.time_ns() // 1_000_000}&symbol={symbol}&side=BUY&newOrderRespType=FULL"
        f"&newClientOrderId={uuid.uuid4().hex}&{terms}&quantity=1.000&recvWindow=10000"
    )
    body = f"{payload}&signature={signature_of(f'load-secret-{account}'.encode(), payload)}"
    return _HEAD.format(host=host, key=f"load-{account}", length=len(body), body=body).encode()


async def _send(host: str, port: int, first: int, number: int, kind: str) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    accepted = 0
    for count in range(number):
        account = first + count % 50
        writer.write(order_request(f"{host}:{port}", account, f"S{account % 40:03d}USDT", kind=kind))
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(row for row in head.split(b"\r\n") if row.lower().startswith(b"content-length"))
        await reader.readexactly(int(length.split(b":")[1]))
        accepted += head.startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()
    return accepted


async def _measure(url: str, connections: int, orders: int, kind: str) -> tuple[int, float]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    each = orders // connections
    begin = time.perf_counter()
    sent = await asyncio.gather(
        *(_send(parts.hostname, parts.port, 50 * number, each, kind) for number in range(connections))
    )
    return sum(sent), time.perf_counter() - begin


def main() -> None:
    """Start a venue, send orders to it, print one JSON line with the figures."""
    parser = argparse.ArgumentParser(prog="tests.emulators.binance.load")
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--kind", choices=("market", "limit"), default="market")
    parser.add_argument("--log-buffer", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        venue = BinanceProcess(Path(folder), *(["--log-buffer"] if arguments.log_buffer else []))
        venue.start()
        try:
            begin = venue.control.usage()["cpu_seconds"]
            accepted, seconds = uvloop.run(
                _measure(venue.url, arguments.connections, arguments.orders, arguments.kind)
            )
            spent = venue.control.usage()["cpu_seconds"] - begin
        finally:
            venue.stop()
    figures = {
        "orders": accepted,
        "orders_per_second": round(accepted / seconds),
        "microseconds_of_cpu_per_order": round(spent / accepted * 1e6, 1),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
