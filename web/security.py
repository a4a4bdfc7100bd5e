"""Headers of every response: what a page may load and do, and that nobody keeps a copy of it."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, request
from flask_talisman import Talisman

from shared.settings import Settings

_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]{1,255}")

_CONTENT_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
}
_UNUSED = "camera display-capture geolocation gyroscope magnetometer microphone midi payment serial usb"
_PERMISSIONS = dict.fromkeys(_UNUSED.split(), "()")
_HSTS_SECONDS = 31_536_000
# Built files carry a hash of their content in their name: what is behind such a name never changes.
_HASHED = re.compile(r"/static/build/[A-Za-z0-9_.-]+-[A-Z0-9]{8}\.[a-z0-9]+", re.ASCII)

_Start = Callable[..., Any]


def bind(app: Flask, settings: Settings) -> None:
    """Set the headers of every response of an app, errors included."""
    is_https = settings.web_url.startswith("https://")
    # Hooks after a request run backwards: this one completes what Talisman writes.
    app.after_request(_complete_headers)
    # One of its own for each app: it keeps its options on itself, and asks only the newest of them.
    Talisman(
        app,
        force_https=is_https,
        session_cookie_secure=is_https,
        strict_transport_security=is_https,
        strict_transport_security_max_age=_HSTS_SECONDS,
        strict_transport_security_include_subdomains=True,
        frame_options="DENY",
        referrer_policy="same-origin",
        content_security_policy=_CONTENT_POLICY,
        content_security_policy_nonce_in=["script-src", "style-src"],
        permissions_policy=_PERMISSIONS,
        x_xss_protection=False,
    )


def _complete_headers(response: Response) -> Response:
    # Older browsers do not count a websocket to the page's own host as 'self'.
    policy = response.headers.get("Content-Security-Policy")
    if policy and _HOST.fullmatch(request.host):
        scheme = "wss" if request.is_secure else "ws"
        response.headers["Content-Security-Policy"] = policy.replace(
            "connect-src 'self'", f"connect-src 'self' {scheme}://{request.host}"
        )
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if _HASHED.fullmatch(request.path) and response.status_code < 400:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response


class Outermost:
    """Around everything: what does not come through Flask (the socket's own refusals) gets headers as well."""

    def __init__(self, inner: Callable[..., Iterable[bytes]], settings: Settings) -> None:
        self._inner = inner
        self._headers = {
            "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Permissions-Policy": ", ".join(f"{name}={value}" for name, value in _PERMISSIONS.items()),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
        self._is_https = settings.web_url.startswith("https://")

    def __call__(self, environ: dict[str, Any], start_response: _Start) -> Iterable[bytes]:
        """Answer one request."""

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            given = {name.lower() for name, _ in headers}
            wanted = dict(self._headers)
            # In plain HTTP, which a proxy redirects, the header has no meaning.
            if self._is_https and environ.get("HTTP_X_FORWARDED_PROTO") == "https":
                wanted["Strict-Transport-Security"] = f"max-age={_HSTS_SECONDS}; includeSubDomains"
            missing = [item for item in wanted.items() if item[0].lower() not in given]
            return start_response(status, [*headers, *missing], *rest)

        return self._inner(environ, start)
