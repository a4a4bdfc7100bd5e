"""Every route of the web and who may call it how: a route that is not here fails the tests, and so does one too many.

Add a line with the route. `csrf=False` is for routes that no browser's session opens, and needs a reason.
"""

from dataclasses import dataclass, field

from web.auth.policy import Policy

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Route:
    """What is expected of an endpoint; `arguments` fill its path so that there is something to see."""

    policy: Policy
    methods: frozenset[str] = SAFE
    csrf: bool = True
    arguments: dict[str, str] = field(default_factory=dict)

    @property
    def unsafe(self) -> frozenset[str]:
        """The methods that change something."""
        return self.methods - SAFE


POST = frozenset({"POST", "OPTIONS"})

ROUTES: dict[str, Route] = {
    "static": Route(Policy.PUBLIC, arguments={"filename": "build/manifest.json"}),
    "health.healthz": Route(Policy.PUBLIC),
    "health.readyz": Route(Policy.PUBLIC),
    "auth.login": Route(Policy.PUBLIC),
    "auth.login_demo": Route(Policy.PUBLIC, POST),
    "discord.login": Route(Policy.PUBLIC),
    "discord.authorized": Route(Policy.PUBLIC),
    "second_factor.ask": Route(Policy.FOLLOWER),
    "second_factor.show": Route(Policy.FOLLOWER, POST),
    "second_factor.set_up": Route(Policy.FOLLOWER),
    "second_factor.confirm": Route(Policy.FOLLOWER, POST),
    "second_factor.renew_recovery": Route(Policy.FRESH, POST),
    "second_factor.turn_off": Route(Policy.FRESH, POST),
    "accounts.index": Route(Policy.FOLLOWER),
    "accounts.part": Route(Policy.FOLLOWER),
    "accounts.choose": Route(Policy.FOLLOWER),
    "accounts.show_form": Route(Policy.FRESH, arguments={"venue_name": "alpaca"}),
    "accounts.connect": Route(Policy.FRESH, POST, arguments={"venue_name": "alpaca"}),
    "account.test": Route(Policy.FOLLOWER, POST, arguments={"account_id": "account-1"}),
    "account.rename": Route(Policy.FOLLOWER, POST, arguments={"account_id": "account-1"}),
    "account.show_key_form": Route(Policy.FRESH, arguments={"account_id": "account-1"}),
    "account.replace_key": Route(Policy.FRESH, POST, arguments={"account_id": "account-1"}),
    "account.show_disconnect": Route(Policy.FRESH, arguments={"account_id": "account-1"}),
    "account.disconnect": Route(Policy.FRESH, POST, arguments={"account_id": "account-1"}),
    "account.show_disconnect_all": Route(Policy.FRESH),
    "account.disconnect_all": Route(Policy.FRESH, POST),
    "oauth.begin": Route(Policy.FRESH, POST, arguments={"provider_name": "alpaca"}),
    "oauth.answer": Route(Policy.FOLLOWER, arguments={"provider_name": "alpaca"}),
    "security.page": Route(Policy.FOLLOWER),
    "security.end_one": Route(Policy.FOLLOWER, POST, arguments={"session_id": "session-1"}),
    "security.end_others": Route(Policy.FOLLOWER, POST),
    "auth.logout": Route(Policy.FOLLOWER, POST),
    "dashboard.overview": Route(Policy.FOLLOWER),
    "dashboard.part": Route(Policy.FOLLOWER, arguments={"name": "messages"}),
    "dashboard.receipts": Route(Policy.FOLLOWER, arguments={"row_id": "message-1"}),
    # A program's: each request is proved by its signature.
    "webhooks.signals": Route(Policy.PUBLIC, POST, csrf=False, arguments={"provider": "alpha"}),
}
