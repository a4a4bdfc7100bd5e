"""What a venue does not offer of what the contract cards ask: the code of its refusal, and why."""

NOT_OFFERED: dict[tuple[str, str], tuple[str, str]] = {
    ("option", "stop"): ("ORDER_TYPE_NOT_OFFERED", "Alpaca takes market and limit orders for options"),
    ("option", "ioc"): ("ORDER_TYPE_NOT_OFFERED", "Alpaca takes orders for options for the day only"),
    ("fraction", "ioc"): ("ORDER_TYPE_NOT_OFFERED", "Alpaca takes parts of a share for the day only"),
    ("option", "minimum"): ("", "Alpaca has no least value of an order for options"),
    ("whole", "minimum"): ("", "Alpaca has no least value of an order for whole shares"),
}
"""By (stage, what is asked for); an empty code where there is nothing that the venue would refuse."""
