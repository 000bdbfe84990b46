"""Security headers, on every answer of the web role."""

from quart import Response

from web.errors import PROBLEM_TYPE

_COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), geolocation=()",
}


def policy(edge: str, sockets: str, *, embeddable: bool) -> str:
    """The Content-Security-Policy of a page whose media come from ``edge`` and its chat from ``sockets``; nothing else, nothing inline."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "font-src 'self'",
            f"img-src 'self' data: blob: {edge}",
            f"media-src 'self' blob: {edge}",
            f"connect-src 'self' {edge} {sockets}",
            "worker-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            # Text becomes elements through Lit's templates alone, and of scripts the player's worker alone is started.
            "require-trusted-types-for 'script'",
            "trusted-types lit-html default",
            "frame-ancestors *" if embeddable else "frame-ancestors 'none'",
        )
    )


def protect(response: Response, edge: str, sockets: str, *, embeddable: bool) -> Response:
    """Set the headers an answer needs by what it is: a page gets the policy of a page, everything else may do nothing at all."""
    for name, value in _COMMON.items():
        response.headers.setdefault(name, value)
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = policy(edge, sockets, embeddable=embeddable)
    else:
        response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    if response.mimetype == PROBLEM_TYPE:
        response.headers.setdefault("Cache-Control", "no-store")
    return response
