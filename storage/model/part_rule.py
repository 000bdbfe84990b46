"""How long parts may be, and which part targets the sound's frames can honour: what is declared to players and cut by a transcoder.

RFC 8216bis section 4.4.4.9: no part is longer than PART-TARGET, and none but a segment's last is shorter than 85 % of it.
"""

SHORTEST_PERCENT = 85
"""Of the part target."""
AUDIO_RATE = 48_000
"""Samples a second of all sound that is sent to viewers."""
AAC_FRAME = 1024
"""Samples of an AAC-LC frame (ISO/IEC 14496-3 section 4.5.2.1)."""


def frames_per_part(part_target: float) -> int:
    """As many frames of sound as fit into a part of so many seconds."""
    return max(1, int(part_target * AUDIO_RATE) // AAC_FRAME)


def honoured(part_target: float) -> bool:
    """Whether a part of whole frames of sound can be long enough for a target in seconds."""
    longest = part_target * AUDIO_RATE
    return SHORTEST_PERCENT * longest <= 100 * frames_per_part(part_target) * AAC_FRAME <= 100 * longest


def neighbours(part_target: float) -> tuple[float, float]:
    """The nearest targets that can be honoured, below and above one that can't; seconds with four decimals."""
    frames = frames_per_part(part_target)
    below = frames * AAC_FRAME * 100 * 10_000 // (SHORTEST_PERCENT * AUDIO_RATE)
    above = -(-(frames + 1) * AAC_FRAME * 10_000 // AUDIO_RATE)
    return below / 10_000, above / 10_000
