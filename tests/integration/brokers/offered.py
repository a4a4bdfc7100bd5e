"""What a venue does not offer of what the contract cards ask: the code of its refusal, and why."""

NOT_OFFERED: dict[tuple[str, str], tuple[str, str]] = {
    ("option", "stop"): ("ORDER_TYPE_NOT_OFFERED", "Alpaca takes market and limit orders for options"),
    ("option", "ioc"): ("ORDER_TYPE_NOT_OFFERED", "Alpaca takes orders for options for the day only"),
    ("fraction", "ioc"): ("ORDER_TYPE_NOT_OFFERED", "Alpaca takes parts of a share for the day only"),
    ("option", "minimum"): ("", "Alpaca has no least value of an order for options"),
    ("kucoin", "passed stop"): ("", "KuCoin takes a stop that the price has passed, and meets it at once"),
    ("kucoin", "held stop"): ("", "KuCoin's stops hold nothing: a sale beside one is taken"),
    ("whole", "minimum"): ("", "Alpaca has no least value of an order for whole shares"),
}
"""By (stage, what is asked for); an empty code where there is nothing that the venue would refuse."""


def offers(stage: object, what: str) -> bool:
    """Tell whether a stage's venue offers something."""
    return (getattr(stage, "name", ""), what) not in NOT_OFFERED
