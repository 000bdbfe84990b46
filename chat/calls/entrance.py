"""Coming into a call: by right or invitation, through its lobby, or back to a seat."""

import secrets
from collections.abc import Callable

from chat.calls.call import Comer, Knock, Seat, Way
from chat.calls.frames import Enter, Knocking, Relays, Seated
from chat.calls.hub import Hub
from chat.calls.local import TAKEN, Arrival, LocalCall, Waiting
from chat.calls.metrics import ENTERED
from chat.calls.names import guest_name
from chat.calls.store import Change
from chat.protocol import RequestRefused
from chat.sockets import Socket
from storage.clock import Clock, utc_now
from storage.limits import Limit
from storage.model.account import Scope
from storage.model.call import MOST_SEATS, Call, CallRole, HowLeft
from storage.model.errors import Conflict, ErrorCode, FanlightError, NotFound, Refused, Unavailable
from storage.model.ids import AccountId, CallId
from storage.opening import Storage
from storage.rate_limits import RateLimits
from storage.secrets import digest, new_session_secret

ENTERS = Limit("call-enter", 20, 60, guards=True)
"""Tries of an account, or of a guest's address, to come into a call: invitations are not guessed, and nobody knocks without end."""
RETURNS = Limit("call-return", 120, 60)

_NOBODYS = CallId("")

Relaying = Callable[[Call, Seat], Relays]
"""What a seat is told of STUN and TURN servers."""


class CallEntrance:
    """One for each node."""

    def __init__(self, storage: Storage, hub: Hub, *, rates: RateLimits, relaying: Relaying, clock: Clock) -> None:
        self._storage = storage
        self._hub = hub
        self._rates = rates
        self._relaying = relaying
        self._clock = clock
        self._at: dict[int, LocalCall] = {}
        self._deciding: dict[int, Waiting] = {}

    def call_of(self, socket: Socket) -> LocalCall | None:
        """The call a socket sits in or waits before."""
        return self._at.get(socket.identifier)

    def forget(self, socket: Socket) -> None:
        """A socket is in no call any more."""
        self._at.pop(socket.identifier, None)

    async def enter(self, socket: Socket, frame: Enter) -> None:
        """Let somebody in, have them knock, or give them their seat again. Raises a FanlightError where they stay outside."""
        account = socket.actor.account
        if account is not None and Scope.CHAT not in socket.actor.scopes:
            raise Refused(ErrorCode.SCOPE_REQUIRED, f"The token lacks the scope {Scope.CHAT}.")
        self._check_alone(socket)
        await self._pace(RETURNS if frame.seat else ENTERS, socket)
        if frame.seat:
            await self._return(socket, frame)
            return
        name = account.display_name if account is not None else guest_name(frame.name)
        record = await self._storage.calls.find(frame.call)
        # Whatever is wrong, all is asked for: nothing tells what it was, nor how long it took.
        identifier, used = _NOBODYS if record is None else record.id, digest(frame.invite)
        role = await self._storage.calls.role(identifier, account.id) if account is not None else None
        invite = await self._storage.call_invites.look(identifier, used, utc_now(self._clock))
        directs = role is not None and role.may_direct
        if record is None or not (directs or (invite is not None and (invite.guests or account is not None))):
            raise unknown()
        call = await self._hub.open(record)
        comer = Comer("" if account is None else account.id, role or CallRole.PERSON)
        arrival = Arrival(socket, frame.id, name, comer, b"" if directs else used)
        if call.state.way(comer) is Way.SEAT:
            await self._sit(call, arrival)
        else:
            await self._knock(call, arrival)

    async def _sit(self, call: LocalCall, arrival: Arrival) -> None:
        account, comer, now = arrival.socket.actor.account, arrival.comer, utc_now(self._clock)
        if arrival.invite and await self._storage.call_invites.use(call.record.id, arrival.invite, account is None, now) is None:
            raise unknown()
        secret = new_session_secret()
        seat = Seat(
            seat=secrets.token_hex(8),
            name=arrival.name,
            account="" if account is None else account.name,
            account_id=comer.account_id,
            role=comer.role,
            node=self._hub.node,
            secret=digest(secret),
            since=self._clock.unix_ns() // 1_000_000,
        )
        call.coming.add(seat.seat)
        try:
            await self._hub.change(call, lambda state, _: state.entered(seat))
            try:
                await self._storage.call_log.started(call.record.id, now)
                await self._storage.call_log.entered(
                    call.record.id,
                    seat.seat,
                    account=AccountId(comer.account_id) if comer.account_id else None,
                    shown=arrival.name,
                    role=comer.role,
                    now=now,
                )
            except Unavailable:
                await self._hub.change(call, lambda state, _: state.left(seat.seat, HowLeft.LOST))
                raise
            self._seat(call, arrival.socket, request=arrival.request, name=seat.seat, secret=secret)
        finally:
            call.coming.discard(seat.seat)
        ENTERED.labels("anew").inc()

    async def _return(self, socket: Socket, frame: Enter) -> None:
        call = self._hub.named(frame.call)
        if call is None:
            record = await self._storage.calls.find(frame.call)
            if record is None:
                raise unknown()
            call = await self._hub.open(record)
        self._hub.keep(call)
        proof = digest(frame.secret)
        await self._hub.refresh(call)
        seat = call.state.seat(frame.seat)
        account = socket.actor.account
        if seat is not None and seat.account_id != ("" if account is None else account.id):
            raise NotFound(ErrorCode.SEAT_UNKNOWN, "The seat is another's.")
        call.coming.add(frame.seat)
        try:
            await self._hub.change(call, lambda state, _: state.returned(frame.seat, proof, self._hub.node))
            if (last := call.sockets.get(frame.seat)) is not None:
                call.put_out(frame.seat, *TAKEN)
                self.forget(last)
            self._seat(call, socket, request=frame.id, name=frame.seat, secret=frame.secret)
        finally:
            call.coming.discard(frame.seat)
        ENTERED.labels("again").inc()

    def _seat(self, call: LocalCall, socket: Socket, *, request: str, name: str, secret: str) -> None:
        """Without waiting, so that nothing is told of the call before this."""
        state = call.state
        seat = state.seat(name)
        if seat is None or seat.node != self._hub.node:
            raise NotFound(ErrorCode.SEAT_UNKNOWN, "The seat is free again. Enter anew.")
        call.sockets[name] = socket
        self._at[socket.identifier] = call
        socket.in_call(True)
        facts = state.facts
        seated = Seated(
            id=request,
            call=call.record.name,
            title=facts.title,
            you=name,
            secret=secret,
            seats=tuple(one.info() for one in state.seats),
            knocks=tuple(knock.info() for knock in state.knocks) if seat.may_direct else (),
            relays=self._relaying(call.record, seat),
            locked=facts.locked,
            lobby=facts.lobby,
            limit=MOST_SEATS,
            may_direct=seat.may_direct,
        )
        socket.tell(seated)

    # The lobby.

    async def _knock(self, call: LocalCall, arrival: Arrival) -> None:
        account = arrival.socket.actor.account
        knock = Knock(id=secrets.token_hex(8), name=arrival.name, account="" if account is None else account.name, node=self._hub.node)
        call.waiting[knock.id] = Waiting(arrival, knock)
        self._at[arrival.socket.identifier] = call
        try:
            await self._hub.change(call, lambda state, _: state.knocked(knock))
        except FanlightError:
            del call.waiting[knock.id]
            self.forget(arrival.socket)
            raise
        arrival.socket.tell(Knocking(id=arrival.request, call=call.record.name))

    async def decided(self, call: LocalCall, identifier: str, *, admit: bool) -> None:
        """Somebody who waits at this node is let in, or not. They are told; raises ``Unavailable(BUS_UNAVAILABLE)``."""
        waiting = call.waiting.pop(identifier, None)
        if waiting is None:
            return
        self._hub.keep(call)
        self.forget(waiting.socket)
        self._deciding[waiting.socket.identifier] = waiting
        try:
            await self._hub.change(call, lambda state, _: state.answered(identifier))
            if not admit:
                raise denied()
            if not waiting.closed:
                await self._sit(call, waiting.arrival)
        except FanlightError as error:
            waiting.socket.tell(RequestRefused(id=waiting.request, code=error.code, detail=error.detail))
        finally:
            del self._deciding[waiting.socket.identifier]
        if waiting.closed:
            await self.closed(waiting.socket)

    def end_waiting(self, call: LocalCall) -> None:
        """The call is over for those who wait."""
        for waiting in tuple(call.waiting.values()):
            del call.waiting[waiting.knock.id]
            self.forget(waiting.socket)
            waiting.socket.tell(RequestRefused(id=waiting.request, code=ErrorCode.CALL_ENDED, detail="The host ended the call."))

    async def stop_waiting(self, call: LocalCall, socket: Socket) -> bool:
        """Somebody waits no more; False if they did not. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
        found = [waiting.knock.id for waiting in call.waiting.values() if waiting.socket is socket]
        for identifier in found:
            del call.waiting[identifier]
            self.forget(socket)
            await self._hub.change(call, _answering(identifier))
        return bool(found)

    def gone(self, socket: Socket) -> bool:
        """A socket is gone; whether :meth:`closed` has something to do."""
        if (waiting := self._deciding.get(socket.identifier)) is not None:
            waiting.closed = True
        return socket.identifier in self._at

    async def closed(self, socket: Socket) -> None:
        """A socket is gone: its seat waits for it. Raises ``Unavailable(BUS_UNAVAILABLE)``; the next tick does it then."""
        call = self.call_of(socket)
        if call is None:
            return
        if await self.stop_waiting(call, socket):
            return
        self.forget(socket)
        seat = call.seat_of(socket)
        for name in [name for name, one in call.sockets.items() if one is socket]:
            del call.sockets[name]
        if seat is not None:
            await self._hub.change(call, lambda state, moment: state.lost(seat.seat, self._hub.node, moment.now))

    def _check_alone(self, socket: Socket) -> None:
        call = self.call_of(socket)
        if call is None:
            return
        if call.seat_of(socket) is None and not any(waiting.socket is socket for waiting in call.waiting.values()):
            # It was put out.
            self.forget(socket)
            return
        raise Conflict(ErrorCode.LIMIT_REACHED, "A socket is in one call at a time; leave that first.", limit=1)

    async def _pace(self, limit: Limit, socket: Socket) -> None:
        account = socket.actor.account
        await self._rates.check(limit, socket.actor.address if account is None else account.id)


def _answering(knock: str) -> Change:
    return lambda state, _: state.answered(knock)


def denied() -> Refused:
    """What somebody hears whom nobody lets in."""
    return Refused(ErrorCode.CALL_DENIED, "You were not let in.")


def unknown() -> NotFound:
    """Why a stranger stays outside: which of the reasons it is tells nobody whether there is such a call."""
    return NotFound(ErrorCode.CALL_UNKNOWN, "There is no such call, or the invitation is not good any more.")
