"""The newest messages of a room as they stand now: what somebody who comes in is shown. Pure.

Made from the database's history and the events after it. An event that the history knew already changes nothing. Messages that come
back have their old places: for them it is made anew.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

import msgspec

from storage.chat.events import Cleared, Deleted, Edited, Event, Message, Posted, Purged, Reacted

MOST_KEPT = 100


class MessageTail:
    """``complete`` says that the messages given are all there are."""

    def __init__(self, messages: Iterable[tuple[int, Message]], *, complete: bool) -> None:
        self._messages: OrderedDict[str, tuple[int, Message]] = OrderedDict((message.id, (seq, message)) for seq, message in messages)
        self._complete = complete

    def apply(self, seq: int, event: Event) -> None:
        """An event happened, as the number ``seq``."""
        match event:
            case Posted():
                self._add(seq, event.message)
            case Edited():
                self._replace(event.id, text=event.text, mentions=event.mentions, edited=True)
            case Reacted():
                self._replace(event.id, reactions=event.reactions)
            case Deleted():
                self._remove(event.ids)
            case Purged():
                self._remove([one for one, (_, message) in self._messages.items() if message.author.name == event.name])
            case Cleared():
                self._messages.clear()
                self._complete = True

    def newest(self, count: int, *, upto: int) -> tuple[Sequence[tuple[int, Message]], bool]:
        """At most ``count`` messages up to the number ``upto``, oldest first, and whether there may be earlier ones."""
        known = [one for one in self._messages.values() if one[0] <= upto]
        return known[-count:], len(known) > count or not self._complete

    def reacted(self) -> Sequence[str]:
        """The messages that have reactions."""
        return [one for one, (_, message) in self._messages.items() if message.reactions]

    def _add(self, seq: int, message: Message) -> None:
        self._messages.setdefault(message.id, (seq, message))
        if len(self._messages) > MOST_KEPT:
            self._messages.popitem(last=False)
            self._complete = False

    def _remove(self, identifiers: Iterable[str]) -> None:
        for identifier in identifiers:
            self._messages.pop(identifier, None)

    def _replace(self, identifier: str, **changes: object) -> None:
        known = self._messages.get(identifier)
        if known is not None:
            self._messages[identifier] = (known[0], msgspec.structs.replace(known[1], **changes))
