"""Session descriptions a publisher sends, read strictly (RFC 8866, RFC 9429). Pure.

Whatever is not exactly understood and needed is ignored; whatever is needed and not exactly right is refused with a
sentence. Nothing here raises anything but :class:`BadInput`, whatever the bytes. Candidates are not even looked at:
an ICE-lite agent sends nothing to an address a stranger wrote down (see :mod:`ingest.ice`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ingest.ice import IceCredentials
from storage.model.errors import BadInput, ErrorCode

LONGEST = 32 * 1024
"""Bytes of a description or fragment. A browser's full offer is about 7 KiB."""
MOST_SECTIONS = 4
MOST_FORMATS = 64
_PROTOCOLS = frozenset({"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF", "RTP/SAVP"})
_DIRECTIONS = frozenset({"sendonly", "sendrecv", "recvonly", "inactive"})
_LINE = re.compile(r"[a-z]=[^\x00-\x08\x0b-\x1f\x7f]*")
_ICE_CHARACTERS = re.compile(r"[A-Za-z0-9+/=_-]+")
_TOKEN = re.compile(r"[!#$%&'*+.0-9A-Z^_`a-z{|}~-]{1,64}")
_SHA256 = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31}")
_NUMBER = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class OfferedCodec:
    """One payload type: ``name`` in lower case, ``rate`` in Hz, ``parameters`` from ``a=fmtp``, ``feedback`` as in ``nack pli``."""

    payload_type: int
    name: str
    rate: int
    parameters: Mapping[str, str]
    feedback: frozenset[str]


@dataclass(frozen=True, slots=True)
class OfferedMedia:
    """One m-section. ``codecs`` in the order of preference; ``sources`` are the SSRCs, ``retransmits`` maps them to those of their RTX."""

    kind: str
    protocol: str
    mid: str
    codecs: tuple[OfferedCodec, ...]
    extensions: Mapping[str, int]
    sources: tuple[int, ...]
    retransmits: Mapping[int, int]
    reduced_size: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """A publisher's offer. ``setup`` is its DTLS role; ``fingerprints`` are SHA-256; ``bundled`` says whether its answer needs a group."""

    credentials: IceCredentials
    setup: str
    fingerprints: tuple[str, ...]
    bundled: bool
    media: tuple[OfferedMedia, ...]


def refused(sentence: str) -> BadInput:
    """The error for a description that can't be used."""
    return BadInput(ErrorCode.BAD_SDP, sentence)


def parse_offer(text: str) -> Offer:
    """Read an offer that sends at most one audio and one video track over one transport.

    Raises:
        BadInput: ``BAD_SDP``.
    """
    lines = split_lines(text)
    if lines[0] != "v=0":
        raise refused("A session description starts with v=0.")
    starts = [index for index, line in enumerate(lines) if line.startswith("m=")]
    if not 1 <= len(starts) <= MOST_SECTIONS:
        raise refused(f"An offer has 1 to {MOST_SECTIONS} m-sections, this one {len(starts)}.")
    session = _Attributes(lines[: starts[0]])
    sections = [_Attributes(lines[a + 1 : b]) for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]
    heads = [lines[start][2:] for start in starts]
    if session.has("ice-lite"):
        raise refused("Both sides would be ICE-lite; one must be a full agent.")
    media = tuple(_media(head, section, session) for head, section in zip(heads, sections, strict=True))
    for kind in ("audio", "video"):
        if sum(one.kind == kind for one in media) > 1:
            raise refused(f"An offer has at most one {kind} track.")
    named = [one.mid for one in media if one.mid]
    if len(set(named)) != len(named):
        raise refused("Two m-sections have the same mid.")
    bundled = _bundled(session, media)
    credentials = {_credentials(section, session) for section in sections}
    setups = {section.first("setup", session.first("setup", "actpass")) for section in sections}
    fingerprints = {_fingerprints(section, session) for section in sections}
    if len(credentials) > 1 or len(setups) > 1 or len(fingerprints) > 1:
        raise refused("All tracks must be bundled on one transport.")
    setup = setups.pop()
    if setup not in {"actpass", "active", "passive"}:
        raise refused(f"The setup role {setup[:20]!r} is not supported.")
    return Offer(credentials.pop(), setup, fingerprints.pop(), bundled, media)


def split_lines(text: str) -> list[str]:
    """The lines of a description, ended by CRLF or LF, each checked to look like one.

    Raises:
        BadInput: ``BAD_SDP``.
    """
    if len(text) > LONGEST:
        raise refused(f"A session description has at most {LONGEST} bytes.")
    lines = [line.removesuffix("\r") for line in text.rstrip("\r\n").split("\n")]
    for number, line in enumerate(lines, 1):
        if not _LINE.fullmatch(line):
            raise refused(f"Line {number} is no line of a session description.")
    return lines


def ice_credentials(ufrag: str, password: str) -> IceCredentials:
    """Checked credentials (RFC 8839 section 5.4). ``_``, ``-`` and ``=`` are no ice-char, but some agents use them.

    Raises:
        BadInput: ``BAD_SDP``.
    """
    good = (
        4 <= len(ufrag) <= 256 and 22 <= len(password) <= 256 and _ICE_CHARACTERS.fullmatch(ufrag) and _ICE_CHARACTERS.fullmatch(password)
    )
    if not good:
        raise refused("ice-ufrag or ice-pwd is missing or no such value.")
    return IceCredentials(ufrag, password)


class _Attributes:
    """The ``a=`` lines of one level."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._pairs = [(name, value) for line in lines if line.startswith("a=") for name, _, value in (line[2:].partition(":"),)]

    def all(self, name: str) -> Iterator[str]:
        return (value.strip() for key, value in self._pairs if key == name)

    def first(self, name: str, default: str = "") -> str:
        return next(self.all(name), default)

    def has(self, *names: str) -> bool:
        return any(key in names for key, _ in self._pairs)

    def direction(self) -> str:
        return next((key for key, _ in self._pairs if key in _DIRECTIONS), "")


def _media(head: str, section: _Attributes, session: _Attributes) -> OfferedMedia:
    fields = head.split()
    if len(fields) < 4 or not _NUMBER.fullmatch(fields[1].partition("/")[0]):
        raise refused("An m-line names its media, port, protocol and formats.")
    kind, port, protocol, formats = fields[0], int(fields[1].partition("/")[0]), fields[2], fields[3:]
    if kind not in {"audio", "video"}:
        raise refused(f"m={kind[:20]} is not taken: a broadcast has audio and video.")
    if protocol not in _PROTOCOLS:
        raise refused(f"The protocol {protocol[:40]!r} is not supported: media comes as UDP/TLS/RTP/SAVPF.")
    if port > 65535 or (port == 0 and not section.has("bundle-only")):
        raise refused(f"The {kind} m-section is switched off; leave it out.")
    direction = section.direction() or session.direction() or "sendrecv"
    if direction not in {"sendonly", "sendrecv"}:
        raise refused(f"The {kind} is {direction}, but a publisher sends.")
    if not (section.has("rtcp-mux", "rtcp-mux-only") or session.has("rtcp-mux")):
        raise refused("RTP and RTCP must share a port (a=rtcp-mux).")
    mid = section.first("mid")
    if mid and not _TOKEN.fullmatch(mid):
        raise refused("A mid is not a token.")
    return OfferedMedia(
        kind,
        protocol,
        mid,
        _codecs(formats, section),
        _extensions(section, session),
        tuple(dict.fromkeys(_numbers(value.split(" ", 1)[:1]) for value in section.all("ssrc")))[:MOST_FORMATS],
        _retransmits(section),
        section.has("rtcp-rsize"),
    )


def _numbers(texts: list[str]) -> int:
    text = texts[0] if texts else ""
    if not _NUMBER.fullmatch(text) or int(text) > 0xFFFFFFFF:
        raise refused("An SSRC is a 32-bit number.")
    return int(text)


def _retransmits(section: _Attributes) -> Mapping[int, int]:
    pairs = [value.split()[1:] for value in section.all("ssrc-group") if value.split()[:1] == ["FID"]]
    return MappingProxyType({_numbers(pair[:1]): _numbers(pair[1:2]) for pair in pairs[:MOST_FORMATS]})


def _codecs(formats: list[str], section: _Attributes) -> tuple[OfferedCodec, ...]:
    if len(formats) > MOST_FORMATS or len(set(formats)) != len(formats):
        raise refused(f"An m-section names at most {MOST_FORMATS} payload types, each once.")
    maps = dict(value.partition(" ")[::2] for value in section.all("rtpmap"))
    parameters = dict(value.partition(" ")[::2] for value in section.all("fmtp"))
    feedback = [value.partition(" ")[::2] for value in section.all("rtcp-fb")]
    codecs = []
    for text in formats:
        if not _NUMBER.fullmatch(text) or int(text) > 127:
            raise refused(f"{text[:10]!r} is no payload type.")
        name, _, rest = maps.get(text, "").strip().partition("/")
        rate = rest.partition("/")[0]
        if not name or not _NUMBER.fullmatch(rate):
            continue
        told = frozenset(" ".join(value.lower().split()) for to, value in feedback if to in (text, "*"))
        codecs.append(OfferedCodec(int(text), name.lower(), int(rate), _parameters(parameters.get(text, "")), told))
    return tuple(codecs)


def _parameters(text: str) -> Mapping[str, str]:
    pairs = (part.strip().partition("=") for part in text.split(";"))
    return MappingProxyType({name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()})


def _extensions(section: _Attributes, session: _Attributes) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for value in (*session.all("extmap"), *section.all("extmap")):
        number, _, rest = value.partition(" ")
        number, _, direction = number.partition("/")
        uri = rest.split(" ", 1)[0]
        # One-byte header extensions (RFC 8285 section 4.2) have ids 1 to 14.
        if _NUMBER.fullmatch(number) and 1 <= int(number) <= 14 and direction in ("", "sendonly", "sendrecv"):
            found.setdefault(uri, int(number))
    return MappingProxyType(found)


def _credentials(section: _Attributes, session: _Attributes) -> IceCredentials:
    ufrag = section.first("ice-ufrag", session.first("ice-ufrag"))
    return ice_credentials(ufrag, section.first("ice-pwd", session.first("ice-pwd")))


def _fingerprints(section: _Attributes, session: _Attributes) -> tuple[str, ...]:
    own = section if section.has("fingerprint") else session
    pairs = [value.split() for value in own.all("fingerprint")]
    good = [pair[1].upper() for pair in pairs if len(pair) == 2 and pair[0].lower() == "sha-256" and _SHA256.fullmatch(pair[1])]
    if not good or len(pairs) > 8:
        raise refused("The offer must name the SHA-256 fingerprint of the publisher's certificate.")
    return tuple(good)


def _bundled(session: _Attributes, media: tuple[OfferedMedia, ...]) -> bool:
    groups = [value.split() for value in session.all("group")]
    bundles = [set(group[1:]) for group in groups if group[:1] == ["BUNDLE"]]
    if not bundles:
        return False
    if any(one.mid not in bundles[0] or not one.mid for one in media):
        raise refused("All tracks must be in one BUNDLE group.")
    return True
