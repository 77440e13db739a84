"""Security headers of every answer: a content policy without inline code, no caching of what is personal."""

import re
from collections.abc import Iterable

from flask import Flask, Response, request

ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", re.IGNORECASE)

PERMISSIONS = (
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), geolocation=(), "
    "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), "
    "publickey-credentials-get=(), usb=(), xr-spatial-tracking=()"
)


def content_policy(form_origins: Iterable[str] = ()) -> str:
    """Return the Content-Security-Policy: own files only, no inline script or style, never framed.

    `form_origins` are the e-ID providers' origins ("https://eid.exempel.se"): a browser holds form-action
    also against redirects that follow a sent form. Raises ValueError for anything that is not a bare origin.
    """
    origins = list(form_origins)
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise ValueError(f"Inte en origin (https://värd utan sökväg): {origin!r}")
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            # FKUI draws the tick of its checkbox from a data: image.
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            " ".join(["form-action 'self'", *origins]),
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


def init_app(app: Flask) -> None:
    """Set the headers on every answer; config `EID_ORIGINS` widens form-action: a list of origins, or a
    function that gives it anew for every answer.

    A view that sets its own Cache-Control (public pages, style sheets) keeps it; all else is `no-store`. So are
    files that are saved: Flask says `no-cache` of each, which lets a browser keep it.
    """
    origins = app.config.get("EID_ORIGINS", ())
    fixed = None if callable(origins) else content_policy(origins)

    @app.after_request
    def set_headers(answer: Response) -> Response:
        headers = answer.headers
        headers["Content-Security-Policy"] = fixed or content_policy(origins())
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Permissions-Policy"] = PERMISSIONS
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if "Cache-Control" not in headers or "Content-Disposition" in headers:
            headers["Cache-Control"] = "no-store"
        if request.is_secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        answer.vary.add("HX-Request")
        return answer
