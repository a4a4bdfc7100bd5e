"""The paper venue's own books: the product's paper trading keeps money here, apart from our records of it.

They play the venue's part: nothing but the paper store reads or writes them, and the log of submits is
what tells, from the venue's side, whether an order came twice.
"""

from mongoengine import EmbeddedDocument, fields

from shared.models.base import BaseDocument


class PaperPositionEntry(EmbeddedDocument):
    """A held quantity; symbols may hold dots, so they are values, never keys."""

    symbol = fields.StringField(required=True)
    quantity = fields.Decimal128Field(required=True)


class PaperAccount(BaseDocument):
    """Owner: the paper venue. One account's pot, positions and counters; every change bumps `version`."""

    account_id = fields.StringField(primary_key=True)
    cash = fields.Decimal128Field(required=True)
    positions = fields.EmbeddedDocumentListField(PaperPositionEntry)
    next_order = fields.LongField(required=True)
    next_fill = fields.LongField(required=True)
    version = fields.LongField(required=True)
    created_at = fields.DateTimeField(required=True)

    meta = {"collection": "paper_accounts"}


class PaperOrder(BaseDocument):
    """Owner: the paper venue. One row per accepted order, `_id` = account and venue order id."""

    row_id = fields.StringField(primary_key=True)
    account_id = fields.StringField(required=True)
    number = fields.LongField(required=True)
    client_order_id = fields.StringField(required=True)
    symbol = fields.StringField(required=True)
    side = fields.StringField(required=True)
    order_type = fields.StringField(required=True)
    time_in_force = fields.StringField(required=True)
    quantity = fields.Decimal128Field(required=True)
    limit_price = fields.Decimal128Field(null=True)
    stop_price = fields.Decimal128Field(null=True)
    link_group = fields.StringField(null=True)
    unit_reserve = fields.Decimal128Field(required=True)
    status = fields.StringField(required=True)
    is_open = fields.BooleanField(required=True)
    filled_quantity = fields.Decimal128Field(required=True)
    filled_value = fields.Decimal128Field(required=True)
    is_taking = fields.BooleanField(required=True)
    matched_at = fields.DateTimeField(null=True)
    accepted_at = fields.DateTimeField(required=True)
    updated_at = fields.DateTimeField(required=True)
    code = fields.StringField(null=True)

    meta = {
        "collection": "paper_orders",
        "indexes": [
            # Look-ups by our id: the newest order that carries it.
            ["account_id", "client_order_id", "-number"],
            ["account_id", "symbol", "updated_at"],
            # The book of one account, and who waits for a quote; only few orders are ever open.
            {"fields": ["account_id", "number"], "partialFilterExpression": {"is_open": True}},
            {"fields": ["symbol"], "partialFilterExpression": {"is_open": True}},
        ],
    }


class PaperFill(BaseDocument):
    """Owner: the paper venue. One execution, `_id` = account and venue fill id; never changed."""

    row_id = fields.StringField(primary_key=True)
    account_id = fields.StringField(required=True)
    venue_fill_id = fields.StringField(required=True)
    venue_order_id = fields.StringField(required=True)
    client_order_id = fields.StringField(required=True)
    symbol = fields.StringField(required=True)
    side = fields.StringField(required=True)
    quantity = fields.Decimal128Field(required=True)
    price = fields.Decimal128Field(required=True)
    commission = fields.Decimal128Field(required=True)
    commission_asset = fields.StringField(required=True)
    at = fields.DateTimeField(required=True)

    meta = {
        "collection": "paper_fills",
        "indexes": [["account_id", "symbol", "at"], ["account_id", "venue_order_id"]],
    }


class PaperSubmit(BaseDocument):
    """Owner: the paper venue. Every submit that reached it, written before its answer; append-only."""

    account_id = fields.StringField(required=True)
    client_order_id = fields.StringField(required=True)
    symbol = fields.StringField(required=True)
    side = fields.StringField(required=True)
    order_type = fields.StringField(required=True)
    quantity = fields.Decimal128Field(required=True)
    limit_price = fields.Decimal128Field(null=True)
    stop_price = fields.Decimal128Field(null=True)
    at = fields.DateTimeField(required=True)
    outcome = fields.StringField(required=True)
    venue_order_id = fields.StringField(null=True)

    meta = {
        "collection": "paper_submits",
        "indexes": [["account_id", "client_order_id"], ["client_order_id"], ["at"]],
    }


PAPER_DOCUMENTS: tuple[type[BaseDocument], ...] = (PaperAccount, PaperOrder, PaperFill, PaperSubmit)
