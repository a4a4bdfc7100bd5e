"""What is said in a burst: mostly clean signals, with chatter, repeats and replies that close among them."""

from dataclasses import dataclass

SIZE = 200
PAIRS = 251
_REPLY_AFTER = 9


@dataclass(frozen=True)
class Line:
    """One message to post, in the channel of one team; `reply_to` is the place of an earlier line."""

    place: int
    team: int
    content: str
    reply_to: int | None = None


def compose(size: int = SIZE, *, teams: int = 1, first: int = 0) -> tuple[Line, ...]:
    """Write a burst for several channels, in turn; `first` sets the symbols of a later burst apart.

    Of ten messages in a channel six are signals, each on a symbol of its own so that no limit stands between it
    and the venue, two are chatter, one says what the one before it said, and one is a reply that closes.
    """
    return tuple(_line(place, place % teams, place // teams, teams, first) for place in range(size))


def signal(number: int) -> str:
    """Write a clean signal on the venue's pair S<number>; every fourth one has a target too."""
    number %= PAIRS
    price = 10 + number
    target = f"\nTP: {price * 1.2:.2f}" if number % 4 == 0 else ""
    return f"LONG S{number:03d}/USDT\nEntry: market\nSL: {price * 0.9:.2f}{target}"


def _line(place: int, team: int, number: int, teams: int, first: int) -> Line:
    match number % 10:
        case 2 | 5:
            return Line(place, team, f"good morning everyone, day {number} of watching the tape")
        case 7:
            return Line(place, team, signal(first + number))  # what the line before it said
        case 9:
            words = "close half here" if number % 20 == 9 else "close it"
            return Line(place, team, words, reply_to=place - _REPLY_AFTER * teams)
        case _:
            return Line(place, team, signal(first + number + 1))
