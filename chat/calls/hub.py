"""The calls of a node: how they stand, changed together with other nodes, kept alive, and put back when the bus lost its data."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from chat.calls.call import Facts, State
from chat.calls.frames import CallFrame
from chat.calls.local import LocalCall
from chat.calls.messages import Look, Message, Pass, decode, encode
from chat.calls.metrics import CALLS, LEFT, PUT_BACK, SEATS
from chat.calls.post import Post
from chat.calls.store import CallStore, Changed, Moment
from chat.metrics import FAILURES
from chat.sockets import Prepared
from storage.bus.call_states import CallMessages, CallStates
from storage.clock import Clock, utc_now
from storage.model.call import Call, HowEnded, HowLeft
from storage.model.errors import ErrorCode, FanlightError, Unavailable
from storage.model.ids import CallId, NodeId
from storage.opening import Storage

TICK = 1.0
"""How often a node says that it is there, and hears how its calls stand: what it was not told is known within this."""
STEADY = 3.0
"""Seconds a node must have been heard itself before it takes others for gone: after an outage of the bus all come back first."""
RECORD_SECONDS = 5.0
"""How often a call's record is read: a change by the interface, or its end, of which nobody was told is known within this."""
KEPT_SECONDS = 30.0
"""How long a call is kept for somebody who comes in: longer than a request may take."""
AT_ONCE = 16
REAP_SECONDS = 60.0
"""How often it is looked for calls that the log says go on, though all their nodes are gone: twice in a row, then they ended."""

_log = structlog.get_logger("chat")


class Hub:
    """One for each node."""

    def __init__(self, storage: Storage, clock: Clock, node: NodeId, states: CallStates) -> None:
        self.node = node
        self._storage = storage
        self._clock = clock
        self._states = states
        self.store = CallStore(states)
        self.post = Post(states)
        self._calls: dict[CallId, LocalCall] = {}
        self._suspects: set[CallId] = set()
        self._beat_at = self._steady_at = float("-inf")
        self._returned_at: float | None = None
        """When the bus was there again after an outage."""
        self.over: Callable[[LocalCall], None] = lambda _: None
        """Is told of a call that is over, for those who wait before it here."""

    def get(self, call: str) -> LocalCall | None:
        """A call somebody of this node is in, by its id."""
        return self._calls.get(CallId(call))

    def named(self, name: str) -> LocalCall | None:
        """The same by its name."""
        return next((call for call in self._calls.values() if call.record.name == name), None)

    async def open(self, record: Call) -> LocalCall:
        """A call as it is now, with what its record says. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
        call = self._calls.get(record.id)
        if call is None:
            call = self._calls[record.id] = LocalCall(record, self.node)
            CALLS.set(len(self._calls))
        call.record, call.record_at = record, self._clock.monotonic()
        self.keep(call)
        facts = Facts.of(record)
        await self.change(call, lambda state, _: state.with_facts(facts))
        return call

    def keep(self, call: LocalCall) -> None:
        """Somebody comes in, who must not find themselves in a call that this node has let go of meanwhile."""
        call.used_at = self._clock.monotonic()

    async def change(self, call: LocalCall, change: Callable[[State, Moment], State]) -> State:
        """Change a call on all nodes; what was left by it is written to its log.

        Raises:
            FanlightError: what ``change`` raises.
            Unavailable: ``BUS_UNAVAILABLE``, ``SERVER_BUSY``.
        """
        last = call.state

        def whole(state: State, moment: Moment) -> State:
            # The bus may have lost its data, and nobody put this call back yet.
            return change(state.with_back(last), moment)

        changed = await self.store.change(call.record.id, whole)
        # Those who are told nothing any more are on other nodes as well.
        nodes = call.nodes
        self._apply(call, changed.after, changed.version)
        if changed.after != changed.before:
            if last.run and changed.before.run != last.run:
                PUT_BACK.inc()
            await self.tell(Look(call.record.id), nodes | call.nodes)
            await self._log_left(call, changed)
        return call.state

    def _apply(self, call: LocalCall, state: State, version: int) -> None:
        call.apply(state, version)
        if call.state.over and call.waiting:
            self.over(call)

    async def refresh(self, call: LocalCall) -> None:
        """Read how a call is. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
        moment = await self.store.read(call.record.id)
        if moment.state is None or (call.state.run and moment.state.run != call.state.run):
            await self.change(call, lambda state, _: state)
        else:
            self._apply(call, moment.state, moment.version)

    # What others are told.

    async def tell(self, message: Message, nodes: Iterable[NodeId]) -> None:
        """Tell other nodes, as well as the bus lets us: how a call stands they see by themselves."""
        data = encode(message)
        try:
            await self._states.tell([(node, data) for node in nodes])
        except Unavailable:
            return

    async def send(self, node: NodeId, message: Message) -> bool:
        """Tell one node; False if it does not listen. Raises ``Unavailable``: ``BUS_UNAVAILABLE``, ``SERVER_BUSY``."""
        return await self.post.send(node, encode(message))

    async def tell_all(self, call: LocalCall, frame: CallFrame) -> None:
        """Tell everybody in a call a frame."""
        made = call.tell_all(frame)
        await self.tell(Pass(call.record.id, "", made.payload), {NodeId(seat.node) for seat in call.state.seats} - {self.node})

    # The log.

    async def _log_left(self, call: LocalCall, changed: Changed) -> None:
        before, after = changed.before, changed.after
        left = [seat.seat for seat in before.seats if after.seat(seat.seat) is None]
        for name in left:
            how = after.how_left(name) or HowLeft.LOST
            LEFT.labels(how.value).inc()
            await self.log_left(call, name, how, {})
        if left and not after.seats and not after.over:
            how_ended = HowEnded.LOST if after.how_left(left[-1]) is HowLeft.LOST else HowEnded.EMPTY
            await self._written(self._storage.call_log.ended(call.record.id, how_ended, utc_now(self._clock)))

    async def log_left(self, call: LocalCall, seat: str, how: HowLeft, quality: dict[str, float]) -> None:
        """Write that a seat was left, as well as the database lets us."""
        await self._written(self._storage.call_log.left(call.record.id, seat, how, quality, utc_now(self._clock)))

    async def _written(self, writing: Awaitable[None]) -> None:
        try:
            await writing
        except Unavailable as error:
            _log.warning("call_log_lost", code=error.code)

    # What goes on all the time.

    async def tick(self) -> None:
        """Say that this node is there, and hear how its calls stand. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
        now = self._clock.monotonic()
        calls = list(self._calls.values())
        SEATS.set(sum(len(call.sockets) for call in calls))
        try:
            for start in range(0, len(calls), AT_ONCE):
                await asyncio.gather(*(self._look_after(call) for call in calls[start : start + AT_ONCE]))
        except Unavailable:
            self._beat_at = float("-inf")
            raise
        if now - self._beat_at > 2 * TICK:
            if self._steady_at > float("-inf"):
                self._returned_at = now
            self._steady_at = now
        self._beat_at = now
        for call in calls:
            if not call.is_needed and now - call.used_at >= KEPT_SECONDS:
                self._calls.pop(call.record.id, None)
        CALLS.set(len(self._calls))

    async def _look_after(self, call: LocalCall) -> None:
        moment = await self.store.read(call.record.id, beat=True)
        if moment.state is not None and self._kept(call, moment.state, moment) == moment.state:
            self._apply(call, moment.state, moment.version)
        else:
            await self.change(call, lambda state, at: self._kept(call, state, at))
        if self._clock.monotonic() - call.record_at >= RECORD_SECONDS:
            await self._read_record(call)

    def _kept(self, call: LocalCall, state: State, moment: Moment) -> State:
        """With what this node knows of its own, and without those who are gone."""
        state = state.with_back(call.state)
        for seat in state.seats:
            if seat.node == self.node and seat.seat not in call.coming:
                state = state.heard(seat.seat, self.node) if seat.seat in call.sockets else state.lost(seat.seat, self.node, moment.now)
        if not state.over:
            for waiting in call.waiting.values():
                try:
                    state = state.knocked(waiting.knock)
                except FanlightError:
                    break
        for knock in state.knocks:
            if knock.node == self.node and knock.id not in call.waiting:
                state = state.answered(knock.id)
        now = self._clock.monotonic()
        steady = now - self._beat_at <= 2 * TICK and now - self._steady_at >= STEADY
        if not steady:
            return state
        # What was not heard while the bus hung was no silence.
        since = 0 if self._returned_at is None else moment.now - round((now - self._returned_at) * 1000)
        return state.swept(moment.beats, moment.now, since)

    async def record_changed(self, identifier: CallId) -> None:
        """The record of a call is another, or gone. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
        if (call := self.get(identifier)) is not None:
            await self._read_record(call)

    async def _read_record(self, call: LocalCall) -> None:
        try:
            record = await self._storage.calls.find(call.record.name)
        except Unavailable:
            return
        call.record_at = self._clock.monotonic()
        if record is None or record.is_over:
            await self.change(call, lambda state, _: state if state.over else state.ended())
            return
        call.record = record
        facts = Facts.of(record)
        await self.change(call, lambda state, _: state.with_facts(facts))

    async def reap(self) -> None:
        """End in the log what nobody is in any more. Raises ``Unavailable``."""
        suspects: set[CallId] = set()
        after = ""
        while page := await self._storage.call_log.going_on(after=after):
            after = page[-1].id
            for record in page:
                if record.id in self._calls or await self._is_alive(record.id):
                    continue
                suspects.add(record.id)
                if record.id in self._suspects:
                    await self.change(LocalCall(record, self.node), lambda state, moment: state.swept(moment.beats, moment.now))
                    await self._storage.call_log.ended(record.id, HowEnded.LOST, utc_now(self._clock))
        self._suspects = suspects

    async def _is_alive(self, call: CallId) -> bool:
        moment = await self.store.read(call)
        return moment.state is not None and bool(moment.state.swept(moment.beats, moment.now).seats)

    async def hear(self, messages: CallMessages, decided: Callable[[Message], None]) -> None:
        """Do what other nodes tell, in order, for ever; ``decided`` gets what is none of the hub's."""
        async for data in messages:
            message = decode(data) if data is not None else None
            if message is None:
                continue
            call = self.get(message.call)
            if call is None:
                continue
            try:
                if isinstance(message, Look):
                    await self.refresh(call)
                elif isinstance(message, Pass):
                    self._pass(call, message)
                else:
                    decided(message)
            except Unavailable:
                continue
            except Exception:
                FAILURES.inc()
                _log.exception("call_message_failed", message=type(message).__name__)

    @staticmethod
    def _pass(call: LocalCall, message: Pass) -> None:
        frame = Prepared(message.frame)
        if not message.seat:
            call.pass_all(frame)
        elif (socket := call.sockets.get(message.seat)) is not None:
            socket.pass_on(frame)


def unheard() -> Unavailable:
    """Why a signal did not get through."""
    return Unavailable(ErrorCode.BUS_UNAVAILABLE, "The other's node does not listen just now. Try again.")
