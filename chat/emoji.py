"""Which texts are nothing but emotes and emoji. Pure."""

import re
from collections.abc import Container

EMOTE = re.compile(r":([A-Za-z0-9_-]{1,40}):")
# Pictures, signs that are drawn as pictures, keycaps, flags, and what joins and colours them (Unicode Technical Standard 51).
_EMOJI = re.compile(
    "[0-9#*]\ufe0f?\u20e3|[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff\U000e0020-\U000e007f\u200d\ufe0f]"
)


def is_only_emotes(text: str, emotes: Container[str]) -> bool:
    """Whether a text is made of the channel's emotes (``:name:``) and emoji."""
    rest = EMOTE.sub(lambda match: "" if match[1] in emotes else match[0], text)
    return not _EMOJI.sub("", rest).strip()
