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

CARDS_ABOUT: dict[str, tuple[str, ...]] = {
    "stop": ("b05", "b06", "b07", "b08"),
    "ioc": ("b24",),
    "minimum": (),
    "passed stop": ("b06",),
    "held stop": (),
}
"""The cards that hold something else where it is not offered; b20 and b21 ask for more than that."""

NOT_PLAYED: dict[tuple[str, str], str] = {
    **{("binance", card): "exits rest in pairs: see b50 to b56" for card in ("b07", "b08")},
    **{("futures", card): "exits share the position: see f07 and f08" for card in ("b07", "b08")},
    **{("kucoin", card): "exits are not tied together: its own cards say so" for card in ("b07", "b08")},
}
"""Cards that a stage has no part in, and which others say what holds instead."""


def why_not(stage: str, card: str) -> str:
    """Return the venue's reason where a card does not say of a stage what it says of others; empty where it does."""
    for (where, what), (_, reason) in NOT_OFFERED.items():
        if where == stage and card in CARDS_ABOUT[what]:
            return reason
    return NOT_PLAYED.get((stage, card), "")


def offers(stage: object, what: str) -> bool:
    """Tell whether a stage's venue offers something."""
    return (getattr(stage, "name", ""), what) not in NOT_OFFERED
