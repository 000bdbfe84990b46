"""Who gets a channel's media: anybody if it is open, whoever shows a playback token if it is closed, nobody while that is unknown."""

from collections import OrderedDict

from storage.bus.messages import ChannelInfo
from storage.bus.redis import Bus
from storage.bus.topics import channel_key
from storage.clock import Clock
from storage.model.channel import Visibility
from storage.model.errors import ErrorCode, NotFound, Refused, Unavailable
from storage.model.ids import ChannelId, ChannelName
from storage.model.token import LEEWAY, TokenType
from storage.tokens import Tokens
from web.edge.rsgi import RequestHeaders

FRESH = 2.0
"""Seconds for which what was read of a channel is good enough for a request. A channel that is followed is read every second."""
REMEMBERED = 900.0
"""Seconds for which a channel that the bus says nothing of (any more) is what it was: a bus that lost its data is told again."""
MOST_CHANNELS = 10_000
MOST_TOKENS = 20_000
COOKIE = "fanlight-playback"
_LONGEST_COOKIE = 8192


class Doors:
    """What is known of channels' visibility, and which tokens were found good."""

    def __init__(self, bus: Bus, tokens: Tokens, clock: Clock) -> None:
        self._bus = bus
        self._tokens = tokens
        self._clock = clock
        self._known: OrderedDict[ChannelName, tuple[float, float, ChannelInfo | None]] = OrderedDict()
        self._good: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._good_by = -1

    def known(self, channel: ChannelName) -> ChannelInfo | None:
        """What is known of a channel without asking, if that is fresh."""
        read, _, info = self._known.get(channel, (float("-inf"), 0.0, None))
        return info if self._clock.monotonic() - read < FRESH else None

    async def learn(self, channel: ChannelName) -> ChannelInfo | None:
        """Ask the bus. Where it does not answer, or says nothing any more, what was known stays true.

        Raises:
            Unavailable: ``BUS_UNAVAILABLE``; it does not answer, and nothing was known.
        """
        now = self._clock.monotonic()
        _, said, before = self._known.get(channel, (0.0, 0.0, None))
        before = before if now - said < REMEMBERED else None
        try:
            info = await self._bus.read(channel_key(channel), ChannelInfo)
        except Unavailable:
            if before is None:
                raise
            # Not knowing is no reason to take anything away.
            info, said = before, now
        else:
            said = said if info is None else now
        self._known[channel] = (now, said, info or before)
        self._known.move_to_end(channel)
        if len(self._known) > MOST_CHANNELS:
            self._known.popitem(last=False)
        return info or before

    def doubt(self, channel: ChannelName) -> None:
        """Something about a channel changed: what is known of it is good enough for no request any more."""
        _, said, info = self._known.get(channel, (0.0, 0.0, None))
        self._known[channel] = (float("-inf"), said, info)

    def admit(self, info: ChannelInfo | None, token: str | None) -> bool:
        """Whether the channel is open; if it is closed, the token must be good.

        Raises:
            NotFound: ``CHANNEL_NOT_FOUND``; it is not known, or whoever asks may not know of it.
            Refused: ``PLAYBACK_TOKEN_REQUIRED``.
        """
        if info is not None and info.visibility.is_open:
            return True
        if info is not None and token is not None and self._opens(token, info.id):
            return False
        if info is None or info.visibility is Visibility.NAMED:
            raise NotFound(ErrorCode.CHANNEL_NOT_FOUND, "This channel is not live.")
        raise Refused(ErrorCode.PLAYBACK_TOKEN_REQUIRED, "This channel needs a playback token.")

    def _opens(self, token: str, channel: ChannelId) -> bool:
        if self._good_by != self._tokens.revision:
            self._good.clear()
            self._good_by = self._tokens.revision
        found = self._good.get(token)
        if found is None:
            try:
                read = self._tokens.read(TokenType.PLAYBACK, token)
            except Refused:
                return False
            found = (str(read.claims.get("channel", "")), read.expires)
            self._good[token] = found
            if len(self._good) > MOST_TOKENS:
                self._good.popitem(last=False)
        return found[0] == channel and self._clock.unix_ns() // 1_000_000_000 < found[1] + LEEWAY.total_seconds()


def shown_token(headers: RequestHeaders) -> str | None:
    """The playback token a request shows: in ``Authorization: Bearer``, or in the cookie that players get which can't send it."""
    authorization = headers.get("authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None
    cookies = headers.get("cookie")
    if cookies is None or len(cookies) > _LONGEST_COOKIE:
        return None
    for cookie in cookies.split(";"):
        name, _, value = cookie.strip().partition("=")
        if name == COOKIE:
            return value
    return None
