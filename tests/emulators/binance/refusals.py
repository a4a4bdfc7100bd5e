"""What the venue says when it refuses: an HTTP status, Binance's code and Binance's words."""

from collections.abc import Mapping
from typing import Any

UNKNOWN_ERROR = (-1000, "An unknown error occurred while processing the request.")
OVERLOADED = (
    -1008,
    "Server is currently overloaded with other requests. Please try again in a few minutes.",
)
OUTCOME_UNKNOWN = (
    -1007,
    "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
)
INSUFFICIENT = "Account has insufficient balance for requested action."
DUPLICATE = "Duplicate order sent."
CLOSED = "Market is closed."
TRIGGERS = "Stop price would trigger immediately."
TAKES = "Order would immediately match and take."
PRICES_CROSSED = "The relationship of the prices for the orders is not correct."
NUMBER_RANGE = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"


class Refusal(Exception):
    """The venue's typed refusal; `data` goes into the body beside code and message."""

    def __init__(
        self,
        code: int | str,
        message: str,
        *,
        status: int = 400,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code} {message}")
        self.code, self.message, self.status = code, message, status
        self.data, self.headers = data, headers or {}

    def body(self) -> dict[str, Any]:
        """The JSON that says so."""
        said: dict[str, Any] = {"code": self.code, "msg": self.message}
        if self.data is not None:
            said["data"] = self.data
        return said


def filter_failure(name: str) -> Refusal:
    """A filter of `exchangeInfo` is not met."""
    return Refusal(-1013, f"Filter failure: {name}")


def rejected(message: str) -> Refusal:
    """The matching engine does not take the order."""
    return Refusal(-2010, message)


def missing(name: str) -> Refusal:
    """A mandatory parameter was not sent."""
    return Refusal(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def neither(first: str, second: str) -> Refusal:
    """One of two parameters must be sent."""
    return Refusal(-1102, f"Param '{first}' or '{second}' must be sent, but both were empty/null!")


def unwanted(name: str) -> Refusal:
    """A parameter has no meaning for this kind of order."""
    return Refusal(-1106, f"Parameter '{name}' sent when not required.")


def illegal(name: str, legal: str) -> Refusal:
    """A parameter is written in a way that cannot be read."""
    return Refusal(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")


def unknown_order() -> Refusal:
    """There is no open order to cancel."""
    return Refusal(-2011, "Unknown order sent.")


def no_such_order() -> Refusal:
    """There is no order to show."""
    return Refusal(-2013, "Order does not exist.")


def bad_combination() -> Refusal:
    """Optional parameters that do not go together."""
    return Refusal(-1128, "Combination of optional parameters invalid.")
