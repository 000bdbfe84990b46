"""How many files and sockets this process may have open."""

import resource


def raise_limit() -> int:
    """Raise the limit as far as the process may; returns it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
