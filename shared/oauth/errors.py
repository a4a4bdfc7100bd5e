"""How a question to an OAuth provider can fail: four answers, each with one reaction; none ever holds a token."""


class OAuthError(Exception):
    """The parent of all four; its text is for logs and says nothing secret."""


class Denied(OAuthError):
    """The user, or the provider for the user, said no: nothing was given, nothing is tried again."""


class InvalidGrant(OAuthError):
    """The code or the refresh token is worth nothing (used, late, revoked, of another client): the user must connect again."""


class Unavailable(OAuthError):
    """The question was not taken: it did not leave, or the provider refused it before it looked at the grant. Ask later."""


class Ambiguous(OAuthError):
    """The question may have been carried out and its answer is lost: a single-use token may be spent."""
