"""Tasks by name: a few lines each, from ids to the pipeline."""

from worker.tasks import accounts, maintenance, notifications, orders, prices, providers, signals, trades

__all__ = ["accounts", "maintenance", "notifications", "orders", "prices", "providers", "signals", "trades"]
