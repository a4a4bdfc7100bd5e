"""Headers of every response: what a page may load and do, and that nobody keeps a copy of it."""

import re

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
_PERMISSIONS = dict.fromkeys(("camera", "microphone", "geolocation", "payment", "usb"), "()")


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
        strict_transport_security_max_age=31_536_000,
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
    if request.path.startswith("/static/build/") and response.status_code < 400:
        # Built files carry a hash of their content in their name.
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response
