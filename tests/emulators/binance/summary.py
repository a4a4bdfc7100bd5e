"""What a judge asks of the log: how often each order was sent, and how often it was accepted."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.emulators.binance.log import Line

SUBMITS = {
    "/api/v3/order": ("newClientOrderId",),
    "/api/v3/order/cancelReplace": ("newClientOrderId",),
    "/fapi/v1/order": ("newClientOrderId",),
    "/fapi/v1/algoOrder": ("clientAlgoId",),
    "/api/v3/orderList/oco": ("aboveClientOrderId", "belowClientOrderId"),
}


def summarize(lines: Iterable[Line]) -> dict[str, Any]:
    """Count submits and accepted orders by `key:client_order_id`; a double was accepted more than once.

    A late acceptance belongs to the submit that came before it and counts as accepted only.
    """
    requests = 0
    submits: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    for line in lines:
        names = _submitted(line)
        if names and not line.get("late"):
            requests += 1
            submits.update(f"{line['key']}:{name}" for name in names)
        for order in line.get("accepted", ()):
            accepted[f"{line['key']}:{order['client_order_id']}"] += 1
        if not line.get("late"):
            faults.update(fault["kind"] for fault in line.get("faults", ()))
    return {
        "submits": requests,
        "accepted": sum(accepted.values()),
        "orders_by_client_id": dict(accepted),
        "submits_by_client_id": dict(submits),
        "doubles": sorted(name for name, count in accepted.items() if count > 1),
        "faults": dict(faults),
    }


def _submitted(line: Line) -> list[str]:
    # A venue whose requests are not Binance's says itself which orders a request was to place.
    if "submits" in line:
        return list(line["submits"])
    fields = SUBMITS.get(line["path"], ()) if line["method"] == "POST" else ()
    return [line["params"].get(field, "") for field in fields]
