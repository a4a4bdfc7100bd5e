"""Everything read from one message before anything is decided."""

from dataclasses import dataclass

from shared.domain.instruments import AssetClass
from shared.domain.signals import Span
from worker.parsing.body import message_body
from worker.parsing.commands import Commands, read_commands
from worker.parsing.fields import Fields, read_fields
from worker.parsing.grammar import MAX_LEAVES, chunk, tag_tokens
from worker.parsing.instrument import Chosen, choose_instrument
from worker.parsing.options import FoundContract, find_contracts
from worker.parsing.roles import settle_roles
from worker.parsing.tables import unfold_table
from worker.parsing.tokens import Token, tokenize

MAX_CHARACTERS = 8000


@dataclass(frozen=True, slots=True)
class ParseContext:
    """What is known beside the text: the provider's habits, and the message that this one replies to."""

    default_quote: str = "USDT"
    default_asset_class: AssetClass | None = None
    parent_text: str | None = None
    parent_symbol: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The tokens of a message and what they hold: numbers by role, contracts, commands, the instrument."""

    tokens: list[Token]
    fields: Fields
    contracts: list[FoundContract]
    commands: Commands
    chosen: Chosen | None

    def family(self) -> AssetClass | None:
        """Return the family of what the message is about, if it names anything."""
        if self.contracts:
            return AssetClass.OPTION
        return self.chosen.asset_class if self.chosen is not None else None

    def symbol_spans(self) -> tuple[Span, ...]:
        """Return where the instrument is named."""
        if self.contracts:
            return tuple(Span("symbol", token.start, token.end) for token in self.contracts[0].tokens)
        if self.chosen is None:
            return ()
        return (Span("symbol", self.chosen.token.start, self.chosen.token.end),)


def facts_of(text: str, context: ParseContext) -> Facts | str:
    """Return what a text holds, or the code of the reason why it is not looked into."""
    if not text.strip():
        return "EMPTY"
    if len(text) > MAX_CHARACTERS:
        return "TOO_LONG"
    tokens = message_body(tag_tokens(unfold_table(tokenize(text))))
    if all(token.tag == "NL" for token in tokens):
        return "EMPTY"
    if len(tokens) > MAX_LEAVES * 2:
        return "TOO_LONG"
    return _read_facts(tokens, context) or "TOO_LONG"


def _read_facts(tokens: list[Token], context: ParseContext) -> Facts | None:
    contracts = find_contracts(tokens)
    pieces = chunk(tokens)
    if len(pieces) > MAX_LEAVES:
        return None
    fields = read_fields(pieces)
    settle_roles(fields, tokens)
    spent = frozenset(token.start for found in contracts for token in found.tokens)
    commands = read_commands(tokens, fields, spent)
    chosen = choose_instrument(
        tokens, _anchors(tokens, fields, commands), context.default_quote, context.default_asset_class
    )
    return Facts(tokens, fields, contracts, commands, chosen)


def _anchors(tokens: list[Token], fields: Fields, commands: Commands) -> list[int]:
    """Return the places beside which even an unlisted word in capitals may be an instrument."""
    starts = {token.start for _, token in fields.sides}
    starts |= {command.token.start for command in commands.commands}
    starts |= {token.start for token in fields.entry()[:1]}
    if commands.report_token is not None:
        starts.add(commands.report_token.start)
    return [
        index
        for index, token in enumerate(tokens)
        if token.start in starts
        or token.tag in {"STRIKE", "LIMIT", "STOP"}
        or (commands.commands and token.key == "off")
    ]
