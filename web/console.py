"""What ``fanlight up`` says: for a person, or as JSON lines for a program."""

import json
import sys
from collections.abc import Mapping
from typing import Protocol

from storage.settings import Settings
from web.first_channel import FirstChannel
from web.instance import local_url
from web.output import Output

PREFIX_WIDTH = 10


class Console(Protocol):
    """Where the supervisor's news goes."""

    def line(self, name: str, text: str) -> None:
        """A line that a process printed."""

    def event(self, event: str, fields: Mapping[str, str | int | float]) -> None:
        """A life-cycle event."""

    def ready(self, settings: Settings, first: FirstChannel, setup: str) -> None:
        """Everything answers. ``setup`` is the link by which the first operator signs up; empty when there is one."""

    def close(self) -> None:
        """Nothing more will be said."""


def addresses(settings: Settings, first: FirstChannel) -> dict[str, str]:
    """Every address worth telling, absolute."""
    site = settings.public_url.rstrip("/") or local_url(settings, settings.port)
    edge = settings.edge_url.rstrip("/") or local_url(settings, settings.edge_port)
    return {
        "home": f"{site}/",
        "studio": f"{site}/studio",
        "watch": f"{site}/watch/{first.name}",
        "whip": f"{site}/whip/{first.name}",
        "hls": f"{edge}/hls/{first.name}/index.m3u8",
    }


class JsonConsole:
    """One JSON object a line on standard output: ``{"event": ...}``. What processes print goes to standard error."""

    def __init__(self) -> None:
        self._out, self._err = Output(sys.stdout), Output(sys.stderr)

    def line(self, name: str, text: str) -> None:
        """See :class:`Console`."""
        self._err.write(_prefixed(name, text))

    def event(self, event: str, fields: Mapping[str, str | int | float]) -> None:
        """See :class:`Console`."""
        self._tell({"event": event, **fields})

    def ready(self, settings: Settings, first: FirstChannel, setup: str) -> None:
        """See :class:`Console`."""
        told = {"event": "up", "urls": addresses(settings, first), "channel": first.name, "key": first.key}
        self._tell(told | ({"setup": setup} if setup else {}))

    def close(self) -> None:
        """See :class:`Console`."""
        self._out.close()
        self._err.close()

    def _tell(self, record: Mapping[str, object]) -> None:
        self._out.write(json.dumps(record) + "\n")


class TextConsole:
    """For a person: what matters on standard output, what processes print on standard error."""

    def __init__(self) -> None:
        self._out, self._err = Output(sys.stdout), Output(sys.stderr)

    def line(self, name: str, text: str) -> None:
        """See :class:`Console`."""
        self._err.write(_prefixed(name, text))

    def event(self, event: str, fields: Mapping[str, str | int | float]) -> None:
        """See :class:`Console`."""
        if event == "exited":
            sentence = f"{fields['role']} ended with status {fields['status']}; starting it again in {fields['restart_in']} s"
        elif event == "killed":
            sentence = f"{fields['role']} did not stop within {fields['grace']} s and was killed"
        elif event == "stopping":
            sentence = "stopping; press Ctrl-C again to stop at once"
        elif event == "down":
            sentence = "stopped"
        else:
            return
        self._err.write(_prefixed("fanlight", sentence))

    def ready(self, settings: Settings, first: FirstChannel, setup: str) -> None:
        """See :class:`Console`."""
        urls = addresses(settings, first)
        welcome = f"\nNobody runs this instance yet. Sign up as its operator, by a link that works once:\n  {setup}\n" if setup else ""
        self._out.write(
            f"""
Fanlight is up.

  Watch    {urls["home"]}
  Go live  {urls["studio"]}
  Channel  {first.name}
  Key      {first.key}   (kept in {first.file})

No camera at hand? In another terminal:
  {sys.argv[0]} publish --url {urls["whip"]} --key {first.key} --test-pattern
Then open {urls["watch"]}
{welcome}
Ctrl-C stops everything.

"""
        )

    def close(self) -> None:
        """See :class:`Console`."""
        self._out.close()
        self._err.close()


def _prefixed(name: str, text: str) -> str:
    return f"{name:<{PREFIX_WIDTH}} | {text}\n"
