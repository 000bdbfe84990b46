"""What sockets ask of the call they are in: signal, show, say, direct, leave, end."""

import msgspec

from chat.calls.call import Facts, Seat, Shown, check_order
from chat.calls.entrance import CallEntrance, Relaying
from chat.calls.frames import (
    Admit,
    Asked,
    CallFrame,
    CallRequest,
    Description,
    Direct,
    EndCall,
    Enter,
    Exit,
    Lock,
    RelaysRenewed,
    Renew,
    Said,
    Say,
    Show,
    Signalled,
    SignalTo,
)
from chat.calls.hub import Hub, unheard
from chat.calls.local import LocalCall
from chat.calls.messages import Decided, Pass
from chat.calls.metrics import SIGNALS
from chat.posting import refusal
from chat.protocol import Done
from chat.rules import unfit
from chat.sockets import Socket, prepared
from storage.clock import Clock, utc_now
from storage.limits import Limit
from storage.model.call import CallRole, HowEnded, HowLeft, checked_quality
from storage.model.errors import BadInput, Conflict, ErrorCode, FanlightError, NotFound, Refused
from storage.model.ids import AccountId, NodeId
from storage.opening import Storage
from storage.rate_limits import RateLimits

SIGNAL_PACE = Limit("call signals", 400, 20, shared=False)
"""Signals of a seat: seven offers with all their candidates at once, and 20 a second."""
SAY_PACE = Limit("call says", 20, 30, shared=False)
ACT_PACE = Limit("call acts", 60, 30, shared=False)
"""What a seat shows, asks and decides."""

_HERE, _ELSEWHERE = SIGNALS.labels("here"), SIGNALS.labels("elsewhere")


class CallRequests:
    """One for each node."""

    def __init__(self, storage: Storage, hub: Hub, entrance: CallEntrance, *, rates: RateLimits, relaying: Relaying, clock: Clock) -> None:
        self._storage = storage
        self._hub = hub
        self._entrance = entrance
        self._rates = rates
        self._relaying = relaying
        self._clock = clock

    async def do(self, socket: Socket, frame: CallRequest) -> None:
        """Do what a frame asks, and answer it. Raises a FanlightError where it is refused."""
        if isinstance(frame, Enter):
            await self._entrance.enter(socket, frame)
            return
        call = self._entrance.call_of(socket)
        if call is None or call.record.name != frame.call:
            raise not_in_call()
        if isinstance(frame, Exit) and await self._entrance.stop_waiting(call, socket):
            socket.tell(Done(id=frame.id))
            return
        seat = call.seat_of(socket)
        if seat is None:
            raise not_in_call()
        match frame:
            case SignalTo():
                await self._signal(call, seat, frame)
            case Show():
                await self._pace(ACT_PACE, seat)
                shown = Shown(frame.camera, frame.microphone, frame.screen, frame.hand, frame.quality)
                await self._hub.change(call, lambda state, _: state.showing(seat.seat, shown))
            case Say():
                await self._say(call, seat, frame)
            case Renew():
                await self._pace(ACT_PACE, seat)
                socket.tell(RelaysRenewed(id=frame.id, call=frame.call, relays=self._relaying(call.record, seat)))
                return
            case Exit():
                await self._exit(socket, call, seat, frame)
            case _:
                await self._direct(call, seat, frame)
        socket.tell(Done(id=frame.id))

    async def _signal(self, call: LocalCall, seat: Seat, frame: SignalTo) -> None:
        try:
            subject = await self._pass(call, seat, frame)
        except FanlightError as error:
            SIGNALS.labels(error.code.value).inc()
            raise
        (_HERE if subject.node == self._hub.node else _ELSEWHERE).inc()

    async def _pass(self, call: LocalCall, seat: Seat, frame: SignalTo) -> Seat:
        await self._pace(SIGNAL_PACE, seat)
        check_signal(frame)
        subject = await self._subject(call, frame.to)
        if subject.seat == seat.seat:
            raise NotFound(ErrorCode.SEAT_UNKNOWN, "That is your own seat.")
        if subject.away:
            raise Conflict(ErrorCode.SEAT_AWAY, "They are away for a moment.")
        told = Signalled(call=frame.call, sender=seat.seat, description=frame.description, candidate=frame.candidate)
        await self._tell(call, subject, told)
        return subject

    async def _subject(self, call: LocalCall, name: str) -> Seat:
        """Another seat. Raises ``NotFound(SEAT_UNKNOWN)``."""
        if (found := call.state.seat(name)) is None:
            await self._hub.refresh(call)
            found = call.state.seat(name)
        if found is None:
            raise NotFound(ErrorCode.SEAT_UNKNOWN, "There is no such seat in this call.")
        return found

    async def _tell(self, call: LocalCall, subject: Seat, frame: CallFrame) -> None:
        """Tell one seat something, wherever its socket is. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
        made = prepared(frame)
        if subject.node == self._hub.node:
            if (socket := call.sockets.get(subject.seat)) is not None:
                socket.pass_on(made)
        elif not await self._hub.send(NodeId(subject.node), Pass(call.record.id, subject.seat, made.payload)):
            raise unheard()

    async def _say(self, call: LocalCall, seat: Seat, frame: Say) -> None:
        await self._pace(SAY_PACE, seat)
        text = frame.text.strip()
        if (refused := unfit(text)) is not None:
            raise refusal(refused)
        at = self._clock.unix_ns() // 1_000_000
        await self._hub.tell_all(call, Said(call=frame.call, seat=seat.seat, name=seat.name, text=text, at=at))

    async def _exit(self, socket: Socket, call: LocalCall, seat: Seat, frame: Exit) -> None:
        figures = checked_quality(frame.quality)
        await self._hub.log_left(call, seat.seat, HowLeft.LEFT, figures)
        if call.sockets.get(seat.seat) is socket:
            del call.sockets[seat.seat]
        self._entrance.forget(socket)
        socket.in_call(False)
        await self._hub.change(call, lambda state, _: state.left(seat.seat))

    # What host and co-hosts do.

    async def _direct(self, call: LocalCall, seat: Seat, frame: CallRequest) -> None:
        await self._pace(ACT_PACE, seat)
        if not seat.may_direct:
            raise Refused(ErrorCode.NOT_ALLOWED, "Only the host and co-hosts do that.")
        match frame:
            case Admit():
                await self._admit(call, frame)
            case Direct():
                await self._order(call, seat, frame)
            case Lock():
                await self._storage.calls.lock(call.record.id, frame.locked)
                await self._hub.change(call, lambda state, _: state.with_facts(Facts(state.facts.title, frame.locked, state.facts.lobby)))
            case EndCall():
                await self._end(call, seat)

    async def _admit(self, call: LocalCall, frame: Admit) -> None:
        if (knock := call.state.knock(frame.knock)) is None:
            await self._hub.refresh(call)
            if (knock := call.state.knock(frame.knock)) is None:
                raise Conflict(ErrorCode.ALREADY_DECIDED, "They do not wait any more.")
        if knock.node == self._hub.node:
            await self._entrance.decided(call, knock.id, admit=frame.admit)
        elif not await self._hub.send(NodeId(knock.node), Decided(call.record.id, knock.id, frame.admit)):
            raise unheard()

    async def _order(self, call: LocalCall, seat: Seat, frame: Direct) -> None:
        subject = await self._subject(call, frame.seat)
        check_order(seat, subject, frame.order)
        match frame.order:
            case "mute" | "lower_hand" as order:
                await self._tell(call, subject, Asked(call=frame.call, by=seat.seat, order=order))
            case "remove":
                await self._hub.change(call, lambda state, _: state.left(subject.seat, HowLeft.REMOVED))
            case _:
                role = CallRole(frame.order)
                await self._storage.calls.set_role(call.record.id, AccountId(subject.account_id), role)
                await self._hub.change(call, lambda state, _: state.with_role(subject.seat, role))

    async def _end(self, call: LocalCall, seat: Seat) -> None:
        if seat.role is not CallRole.HOST:
            raise Refused(ErrorCode.NOT_ALLOWED, "Only the host ends the call.")
        await self._storage.call_log.ended(call.record.id, HowEnded.ENDED, utc_now(self._clock))
        await self._hub.change(call, lambda state, _: state.ended())

    async def _pace(self, limit: Limit, seat: Seat) -> None:
        await self._rates.check(limit, seat.seat)


def check_signal(frame: SignalTo) -> None:
    """Whether a signal is one. Raises ``BadInput(FRAME_INVALID)``, ``BadInput(BAD_SDP)``."""
    described = isinstance(frame.description, Description)
    if described is (frame.candidate is not msgspec.UNSET):
        raise BadInput(ErrorCode.FRAME_INVALID, "A signal has a description or a candidate, and not both.")
    if isinstance(frame.description, Description):
        empty = frame.description.type == "rollback"
        if empty is not (not frame.description.sdp) or not (empty or frame.description.sdp.startswith("v=0")):
            raise BadInput(ErrorCode.BAD_SDP, "The description is no session description.")


def not_in_call() -> Conflict:
    """Why nothing is done for a socket."""
    return Conflict(ErrorCode.NOT_JOINED, "You are not in this call.")
