"""Tasks by name: a few lines each, from ids to the pipeline."""

from worker.tasks import (
    accounts,
    credentials,
    maintenance,
    notifications,
    orders,
    prices,
    providers,
    signals,
    trades,
)

__all__ = [
    "accounts",
    "credentials",
    "maintenance",
    "notifications",
    "orders",
    "prices",
    "providers",
    "signals",
    "trades",
]
