"""What happens here, handed to whoever asked to be told."""

from collections.abc import Mapping

import structlog

from storage.clock import Clock
from storage.model.errors import Unavailable
from storage.model.event import Event
from storage.model.ids import ChannelId, NodeId
from storage.opening import Storage
from storage.sealing import Sealer
from web.metrics import EVENTS_LOST
from web.webhooks.dispatcher import Dispatcher
from web.webhooks.post import Poster

SEALED_FOR = "webhook"
_log = structlog.get_logger(__name__)


class Webhooks:
    """One for each web process."""

    def __init__(self, storage: Storage, sealer: Sealer, poster: Poster, clock: Clock, *, node: NodeId) -> None:
        self._repository = storage.webhooks
        self._dispatcher = Dispatcher(storage, sealer, poster, clock, holder=node)

    async def emit(self, event: Event, channel: ChannelId | None, payload: Mapping[str, object]) -> None:
        """Tell every webhook that asked for such an event, soon.

        Never fails an act that is done: without a database the event is lost, and counted. ``payload`` is JSON without secrets;
        what each event's has is in ``docs/webhooks.md``.
        """
        try:
            told = await self._repository.emit(event, channel, payload)
        except Unavailable as error:
            EVENTS_LOST.inc()
            _log.warning("event_lost", event_type=event, channel=channel, reason=error.detail)
            return
        if told:
            self._dispatcher.wake()

    def wake(self) -> None:
        """Something may be due: look at once."""
        self._dispatcher.wake()

    async def run(self) -> None:
        """Deliver, for ever."""
        await self._dispatcher.run()
