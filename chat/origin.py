"""From whose pages a socket may be opened. Pure."""

from collections.abc import Collection


def is_allowed(origins: Collection[str], host: str, *, own: str, others: Collection[str], has_cookie: bool) -> bool:
    """Whether the ``Origin`` headers of an upgrade for ``host`` name a page that may open sockets.

    ``own`` is the instance's public origin or empty, ``others`` are configured. A program that is no browser names none; a browser
    always does, so who shows a cookie without is none we trust.
    """
    if not origins:
        return not has_cookie
    if len(origins) > 1:
        return False
    (origin,) = origins
    ours = {own, f"http://{host}", f"https://{host}"} if host else {own}
    return bool(origin) and (origin in ours or origin in others)
