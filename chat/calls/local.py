"""A call on one node: the sockets that are in it here, and what they are told when it changes."""

from dataclasses import dataclass

from chat.calls.call import Comer, Knock, Seat, State
from chat.calls.frames import CallChanged, CallOver, Knocked, KnockOver, SeatChanged, SeatLeft
from chat.protocol import ServerFrame
from chat.sockets import Prepared, Socket, prepared
from storage.model.call import Call, HowLeft
from storage.model.errors import ErrorCode
from storage.model.ids import NodeId

_OVER = {
    HowLeft.REMOVED: (ErrorCode.CALL_REMOVED, "You were put out of the call."),
    HowLeft.ENDED: (ErrorCode.CALL_ENDED, "The host ended the call."),
}
_FREE = (ErrorCode.SEAT_UNKNOWN, "Your seat is free again. Enter anew.")
TAKEN = (ErrorCode.SEAT_TAKEN, "The seat is used by another socket now.")


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who may come in: their request, their name, who they are, and the digest of the invitation that is used up by it."""

    socket: Socket
    request: str
    name: str
    comer: Comer
    invite: bytes


@dataclass(slots=True)
class Waiting:
    """Somebody of this node who knocks."""

    arrival: Arrival
    knock: Knock
    closed: bool = False

    @property
    def socket(self) -> Socket:
        """Theirs."""
        return self.arrival.socket

    @property
    def request(self) -> str:
        """The id of the request that is to be answered."""
        return self.arrival.request


class LocalCall:
    """``record`` is the call in the database as it was read last, ``version`` that of ``state``."""

    def __init__(self, record: Call, node: NodeId) -> None:
        self.record = record
        self.state = State(run="")
        self.version = 0
        self.sockets: dict[str, Socket] = {}
        self.waiting: dict[str, Waiting] = {}
        self.coming: set[str] = set()
        """Seats that are being taken here, and have no socket yet."""
        self.record_at = 0.0
        self.used_at = 0.0
        """When somebody began to come in here last."""
        self._node = node

    @property
    def is_needed(self) -> bool:
        """Whether anything of it is here."""
        return bool(self.sockets or self.waiting or self.coming or any(seat.node == self._node for seat in self.state.seats))

    @property
    def nodes(self) -> set[NodeId]:
        """The other nodes that have something of it."""
        found = {NodeId(seat.node) for seat in self.state.seats} | {NodeId(knock.node) for knock in self.state.knocks}
        return found - {self._node}

    def seat_of(self, socket: Socket) -> Seat | None:
        """Where a socket sits."""
        for name, one in self.sockets.items():
            if one is socket:
                return self.state.seat(name)
        return None

    def apply(self, state: State, version: int) -> None:
        """The call is so now: tell everybody here what is new. Something older than what is known changes nothing."""
        if version <= self.version:
            return
        before, self.state, self.version = self.state, state, version
        self._put_out()
        self._tell_seats(before)
        self._tell_knocks(before)
        if before.run and state.facts != before.facts:
            facts = state.facts
            self.tell_all(CallChanged(call=self.record.name, title=facts.title, locked=facts.locked, lobby=facts.lobby))

    def tell_all(self, frame: ServerFrame, *, but: str = "") -> Prepared:
        """Tell every socket here."""
        made = prepared(frame)
        self.pass_all(made, but=but)
        return made

    def pass_all(self, frame: Prepared, *, but: str = "") -> None:
        """The same with a frame that is made already."""
        for name, socket in tuple(self.sockets.items()):
            if name != but:
                socket.pass_on(frame)

    def put_out(self, name: str, code: ErrorCode, detail: str) -> None:
        """A socket is in the call no more."""
        socket = self.sockets.pop(name)
        socket.tell(CallOver(call=self.record.name, code=code, detail=detail))
        socket.in_call(False)

    def _put_out(self) -> None:
        for name in tuple(self.sockets):
            seat = self.state.seat(name)
            if seat is None:
                how = self.state.how_left(name)
                self.put_out(name, *_OVER.get(how or HowLeft.LEFT, _FREE))
            elif seat.node != self._node:
                self.put_out(name, *TAKEN)

    def _tell_seats(self, before: State) -> None:
        known = {seat.seat: seat for seat in before.seats}
        for seat in self.state.seats:
            last = known.pop(seat.seat, None)
            if last is None or last.info() != seat.info():
                self.tell_all(SeatChanged(call=self.record.name, seat=seat.info()), but="" if last else seat.seat)
        for name in known:
            how = self.state.how_left(name)
            if how is not HowLeft.ENDED:
                self.tell_all(SeatLeft(call=self.record.name, seat=name, how=how or HowLeft.LOST))

    def _tell_knocks(self, before: State) -> None:
        known = {knock.id: knock for knock in before.knocks}
        now = {knock.id: knock for knock in self.state.knocks}
        for name, socket in self.sockets.items():
            seat, last = self.state.seat(name), before.seat(name)
            if seat is None or not seat.may_direct:
                continue
            told = known if last is not None and last.may_direct else {}
            for identifier, knock in now.items():
                if identifier not in told:
                    socket.tell(Knocked(call=self.record.name, knock=knock.info()))
            for identifier in told:
                if identifier not in now:
                    socket.tell(KnockOver(call=self.record.name, knock=identifier))
