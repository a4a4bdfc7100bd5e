"""Every document of the database, for indexes, docs and tests."""

from shared.models.accounts import Account
from shared.models.audit import AuditEntry
from shared.models.base import BaseDocument
from shared.models.bots import TradingBot
from shared.models.commands import Command
from shared.models.confirmations import Confirmation
from shared.models.counters import Counter
from shared.models.credentials import Credential
from shared.models.external import ExternalOrder
from shared.models.factors import SecondFactor
from shared.models.fills import Fill, Position
from shared.models.flattens import Flatten
from shared.models.follows import Follow
from shared.models.fundings import Funding
from shared.models.halts import BreakerTrip, Halt
from shared.models.hooks import HookRequest
from shared.models.market import Candle, EquitySnapshot
from shared.models.messages import Message
from shared.models.oauth_attempts import OAuthAttempt
from shared.models.orders import Order
from shared.models.outbox import Outbox
from shared.models.paper import PAPER_DOCUMENTS
from shared.models.providers import Provider
from shared.models.records import JobRun, Subscription, UsageEvent, WebhookEvent
from shared.models.references import Reference
from shared.models.rotations import Rotation
from shared.models.sessions import BrowserSession
from shared.models.sign_ins import SignIn
from shared.models.signals import ContentKey, Receipt, Signal
from shared.models.trades import Trade
from shared.models.users import Community, Membership, User

DOCUMENTS: tuple[type[BaseDocument], ...] = (
    User,
    BrowserSession,
    SecondFactor,
    SignIn,
    OAuthAttempt,
    Community,
    Membership,
    Provider,
    Follow,
    Account,
    Credential,
    Rotation,
    TradingBot,
    Message,
    Signal,
    Reference,
    ContentKey,
    Receipt,
    Order,
    Fill,
    Funding,
    ExternalOrder,
    Position,
    Trade,
    Command,
    Confirmation,
    EquitySnapshot,
    Candle,
    Subscription,
    WebhookEvent,
    HookRequest,
    Outbox,
    Counter,
    Halt,
    BreakerTrip,
    Flatten,
    AuditEntry,
    UsageEvent,
    JobRun,
    *PAPER_DOCUMENTS,
)
