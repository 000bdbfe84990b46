"""Renditions: the separately packaged video and audio of a broadcast, each with a media playlist of its own."""

from enum import StrEnum


class RenditionName(StrEnum):
    """Names in playlist addresses and object keys."""

    VIDEO = "video"
    AUDIO = "audio"
