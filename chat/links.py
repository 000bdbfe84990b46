r"""Links in what people write: with a scheme, or a bare host that everybody would type into a browser. Pure.

A host ends in a top-level domain there is. Where such an ending is better known as a file's (``notes.md``), it is a link only with a
path or ``www.`` or a scheme. How a browser reads an address is followed: what stands before an ``@`` is not the host, ``\`` is ``/``.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import resources

LONGEST_HOST = 253
MOST_LINKS = 20
"""Of one text; the others are not looked at."""

# Endings better known of files than of hosts.
_FILES = frozenset(["bz", "cc", "java", "map", "md", "ml", "mm", "mov", "pl", "pm", "ps", "py", "rs", "sc", "sh", "so", "st", "tf", "zip"])
# RFC 3490 section 3.1: what counts as a dot between labels.
_DOT_SIGNS = "\u3002\uff0e\uff61"
_DOTS = str.maketrans(dict.fromkeys(_DOT_SIGNS, ".") | {"\\": "/"})
# What a text without a link seldom has, found fast.
_MAY_LINK = re.compile(rf"[\w\u0080-\U0010ffff][.{_DOT_SIGNS}][\w\u0080-\U0010ffff]|[ps]:|dot|[\[({{]\.", re.IGNORECASE)
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_SCHEME = re.compile(r"(?<![a-z0-9])(?:https?|hxxps?|ftps?|wss?):/*([^\s/?#<>\"'`]+)", re.IGNORECASE)
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_BARE = re.compile(rf"(?<![\w@./-])(?:{_LABEL}\.)+({_LABEL})\.?(?::\d{{1,5}})?(?=([/?#])|[^\w@-]|$)")
_SPELT_DOT = re.compile(r"\s*(?:\(dot\)|\[dot\]|\{dot\}|\(\.\)|\[\.\]|<dot>)\s*|(?<=\w\w)\s+dot\s+(?=\w{2,})", re.IGNORECASE)
# Endings looked for where the dot is spelt out.
_SPELT_ENDS = frozenset(
    ["com", "net", "org", "gg", "tv", "xyz", "info", "io", "me", "co", "ru", "link", "live", "shop", "site", "online", "top", "app"]
)


@cache
def _endings() -> frozenset[str]:
    lines = resources.files("chat").joinpath("lists", "top-level-domains.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def hosts(text: str) -> tuple[str, ...]:
    """The hosts a text links to, each once, in order; IDN as people read them."""
    if not _MAY_LINK.search(text):
        return ()
    text = unicodedata.normalize("NFKC", _HIDDEN.sub("", text).translate(_DOTS))
    found: dict[str, None] = {}
    for match in _SCHEME.finditer(text):
        host = _host(match[1])
        if host:
            found.setdefault(host)
    rest = _SCHEME.sub(" ", text)
    for match in _BARE.finditer(rest):
        ending = _unicode(match[1].casefold())
        # "Done.Then he left" lacks a space.
        if match[1].istitle() and not match[2]:
            continue
        if ending not in _endings() or (ending in _FILES and not match[2] and not match[0].lower().startswith("www.")):
            continue
        host = _host(match[0])
        if host:
            found.setdefault(host)
    for match in _BARE.finditer(_SPELT_DOT.sub(".", rest)) if _SPELT_DOT.search(rest) else ():
        if match[1].casefold() in _SPELT_ENDS:
            found.setdefault(_host(match[0]))
    return tuple(found)[:MOST_LINKS]


def _host(authority: str) -> str:
    """The host of an authority, empty where there is none."""
    host = authority.rpartition("@")[2]
    if not host.startswith("["):
        host = host.partition(":")[0]
    host = host.rstrip(".,;:!?)('\"").casefold()[:LONGEST_HOST]
    return ".".join(_unicode(label) for label in host.split("."))


def _unicode(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return label


_AROUND = re.compile(r"^(?:[a-z]+:/*)?(?:\*?\.)?|[/?#].*$", re.IGNORECASE)


def allow_list(names: Iterable[str]) -> frozenset[str]:
    """Hosts in the form that :func:`is_allowed` compares."""
    return frozenset(filter(None, (_host(_AROUND.sub("", name.strip())) for name in names)))


def is_allowed(host: str, allowed: frozenset[str]) -> bool:
    """Whether a host, or one it is under, is on an allow-list."""
    labels = host.split(".")
    return any(".".join(labels[at:]) in allowed for at in range(len(labels)))
