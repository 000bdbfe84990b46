"""A call as all nodes agree on it: who sits in it, who waits before it, and what becomes of both. Pure.

Every change makes a new state; the shell writes it if nobody else wrote another meanwhile, and judges anew otherwise. Times are Unix
milliseconds of the bus's clock.
"""

import hmac
from collections.abc import Mapping
from enum import Enum

import msgspec

from chat.calls.frames import KnockInfo, Quality, SeatInfo
from storage.model.call import MOST_SEATS, Call, CallRole, HowLeft
from storage.model.errors import Conflict, ErrorCode, NotFound, Refused

GRACE_MS = 15_000
"""How long a seat waits for somebody whose socket is gone."""
SILENT_MS = 3_000
"""A node that told nothing for so long is taken to be gone, and with it the sockets of its seats."""
MOST_KNOCKS = 20
MOST_OF_AN_ACCOUNT = 3
"""Seats of one account in a call."""
MOST_GONE = 32
"""Seats whose going is remembered, so that nobody puts them back."""
MOST_REMOVED = 200


class Shown(msgspec.Struct, frozen=True, array_like=True):
    """What a seat says of itself."""

    camera: bool = False
    microphone: bool = False
    screen: bool = False
    hand: bool = False
    quality: Quality = ""


class Seat(msgspec.Struct, frozen=True, array_like=True):
    """Somebody in the call. ``account`` and ``account_id`` are empty for a guest; ``away`` is since when nobody hears of them, or 0.

    ``secret`` is the SHA-256 of what proves it, ``node`` where its socket is.
    """

    seat: str
    name: str
    account: str
    account_id: str
    role: CallRole
    node: str
    secret: bytes
    since: int
    shown: Shown = Shown()
    away: int = 0

    @property
    def may_direct(self) -> bool:
        """Whether they admit, remove and lock."""
        return self.role.may_direct

    def info(self) -> SeatInfo:
        """As the others are told."""
        shown = self.shown
        return SeatInfo(
            seat=self.seat,
            name=self.name,
            account=self.account,
            role=self.role,
            camera=shown.camera,
            microphone=shown.microphone,
            screen=shown.screen,
            hand=shown.hand,
            quality=shown.quality,
            present=not self.away,
            since=self.since,
        )


class Knock(msgspec.Struct, frozen=True, array_like=True):
    """Somebody who waits to be let in, at the node of their socket."""

    id: str
    name: str
    account: str
    node: str

    def info(self) -> KnockInfo:
        """As those who decide are told."""
        return KnockInfo(id=self.id, name=self.name, account=self.account)


class Comer(msgspec.Struct, frozen=True):
    """Who wants to come in, with a right to it: ``account_id`` is empty for a guest."""

    account_id: str
    role: CallRole


class Facts(msgspec.Struct, frozen=True, array_like=True):
    """What the call's record says."""

    title: str = ""
    locked: bool = False
    lobby: bool = True

    @staticmethod
    def of(record: Call) -> "Facts":
        """Those of a record."""
        return Facts(record.title, record.locked, record.lobby)


class Way(Enum):
    """How somebody comes in."""

    SEAT = "at once"
    KNOCK = "if somebody lets them"


class State(msgspec.Struct, frozen=True, array_like=True):
    """One moment of a call. ``run`` is made with its first state and lives as long as the bus's data.

    ``removed`` are the accounts that were put out; once a guest was, guests knock (``wary``). ``gone`` are the seats that left last.
    """

    run: str
    facts: Facts = Facts()
    seats: tuple[Seat, ...] = ()
    knocks: tuple[Knock, ...] = ()
    removed: tuple[str, ...] = ()
    wary: bool = False
    gone: tuple[tuple[str, HowLeft], ...] = ()
    over: bool = False

    def seat(self, name: str) -> Seat | None:
        """A seat by its name."""
        for seat in self.seats:
            if seat.seat == name:
                return seat
        return None

    def knock(self, identifier: str) -> Knock | None:
        """Who waits, by the knock's id."""
        return next((knock for knock in self.knocks if knock.id == identifier), None)

    def how_left(self, seat: str) -> HowLeft | None:
        """How somebody left, if that is remembered."""
        return next((how for name, how in reversed(self.gone) if name == seat), None)

    # Coming in.

    def way(self, comer: Comer) -> Way:
        """How somebody may come in now.

        Raises:
            Conflict: ``CALL_ENDED``, ``CALL_FULL``.
            Refused: ``CALL_REMOVED``, ``CALL_LOCKED``.
        """
        directs = comer.role.may_direct
        if self.over:
            raise ended()
        if comer.account_id and comer.account_id in self.removed and comer.role is not CallRole.HOST:
            raise Refused(ErrorCode.CALL_REMOVED, "You were put out of this call.")
        if self.facts.locked and not directs:
            raise Refused(ErrorCode.CALL_LOCKED, "Nobody new is let into this call.")
        self._check_room(comer.account_id)
        if directs or not (self.facts.lobby or (self.wary and not comer.account_id)):
            return Way.SEAT
        if len(self.knocks) >= MOST_KNOCKS:
            raise Conflict(ErrorCode.CALL_FULL, "Too many wait to be let into this call.")
        return Way.KNOCK

    def _check_room(self, account: str) -> None:
        if len(self.seats) >= MOST_SEATS:
            raise Conflict(ErrorCode.CALL_FULL, f"There are {MOST_SEATS} people in this call already.")
        if account and sum(seat.account_id == account for seat in self.seats) >= MOST_OF_AN_ACCOUNT:
            raise Conflict(ErrorCode.CALL_FULL, f"You are in this call {MOST_OF_AN_ACCOUNT} times already.")

    def entered(self, seat: Seat) -> "State":
        """Somebody sits down. Raises ``Conflict(CALL_FULL)`` or ``Conflict(CALL_ENDED)``."""
        if self.over:
            raise ended()
        if self.seat(seat.seat):
            return self
        self._check_room(seat.account_id)
        return msgspec.structs.replace(self, seats=(*self.seats, seat))

    def knocked(self, knock: Knock) -> "State":
        """Somebody waits. Raises ``Conflict(CALL_FULL)``."""
        if self.knock(knock.id):
            return self
        if len(self.knocks) >= MOST_KNOCKS:
            raise Conflict(ErrorCode.CALL_FULL, "Too many wait to be let into this call.")
        return msgspec.structs.replace(self, knocks=(*self.knocks, knock))

    def answered(self, knock: str) -> "State":
        """Somebody waits no more."""
        kept = tuple(one for one in self.knocks if one.id != knock)
        return self if len(kept) == len(self.knocks) else msgspec.structs.replace(self, knocks=kept)

    # Going, and coming back.

    def returned(self, name: str, secret: bytes, node: str) -> "State":
        """Somebody takes their seat again, at a node.

        Raises:
            Conflict: ``CALL_ENDED``.
            Refused: ``CALL_REMOVED``; they were put out.
            NotFound: ``SEAT_UNKNOWN``; it is free, or the secret another.
        """
        if self.over:
            raise ended()
        seat = self.seat(name)
        if seat is None or not hmac.compare_digest(seat.secret, secret):
            if self.how_left(name) is HowLeft.REMOVED:
                raise Refused(ErrorCode.CALL_REMOVED, "You were put out of this call.")
            raise NotFound(ErrorCode.SEAT_UNKNOWN, "The seat is free again. Enter anew.")
        return _with(self, msgspec.structs.replace(seat, node=node, away=0))

    def heard(self, name: str, node: str) -> "State":
        """The node of a seat has its socket after all."""
        seat = self.seat(name)
        return _with(self, msgspec.structs.replace(seat, away=0)) if seat and seat.node == node and seat.away else self

    def lost(self, name: str, node: str, now: int) -> "State":
        """A node lost the socket of a seat; nothing happens if the seat is at another by now."""
        seat = self.seat(name)
        return _with(self, msgspec.structs.replace(seat, away=now)) if seat and seat.node == node and not seat.away else self

    def left(self, name: str, how: HowLeft = HowLeft.LEFT) -> "State":
        """A seat is free. Who is put out does not come back while the call goes on."""
        seat = self.seat(name)
        if seat is None:
            return self
        removed, wary = self.removed, self.wary
        if how is HowLeft.REMOVED:
            if seat.account_id and seat.account_id not in removed:
                removed = (*removed, seat.account_id)[-MOST_REMOVED:]
            wary = wary or not seat.account_id
        kept = tuple(one for one in self.seats if one.seat != name)
        gone = (*self.gone, (name, how))[-MOST_GONE:]
        return msgspec.structs.replace(self, seats=kept, removed=removed, wary=wary, gone=gone)

    def swept(self, beats: Mapping[str, int], now: int, since: int = 0) -> "State":
        """Without those who were away for too long, and with those away whose node was heard last at ``beats``, too long ago.

        Whoever sweeps heard nobody before ``since``, as after a bus that hung: nodes have their time from then on.
        """
        state = self
        for seat in self.seats:
            # Who put the call back knows of others, but not when they were heard.
            beat = max(since, beats.get(seat.node, now - SILENT_MS - 1))
            away = seat.away or (beat if now - beat > SILENT_MS else 0)
            if away and now - away >= GRACE_MS:
                state = state.left(seat.seat, HowLeft.LOST)
            elif away != seat.away:
                state = _with(state, msgspec.structs.replace(seat, away=away))
        for knock in self.knocks:
            if now - max(since, beats.get(knock.node, 0)) >= GRACE_MS:
                state = state.answered(knock.id)
        return state

    def with_back(self, last: "State") -> "State":
        """After the bus lost its data: with what a node knew ``last``, unless others say that it is gone. What is not there any more
        is swept like anybody who is away.

        Of the same ``run`` nothing was lost: what is missing here is gone.
        """
        if not last.run or last.run == self.run or self.over:
            return self
        missing = [seat for seat in last.seats if not self.seat(seat.seat) and not self.how_left(seat.seat)]
        waiting = [knock for knock in last.knocks if not self.knock(knock.id)]
        free = MOST_SEATS - len(self.seats)
        known = {name for name, _ in self.gone}
        return msgspec.structs.replace(
            self,
            facts=last.facts if not self.seats else self.facts,
            seats=(*self.seats, *missing[:free]),
            knocks=(*self.knocks, *waiting)[:MOST_KNOCKS],
            removed=tuple(dict.fromkeys((*last.removed, *self.removed)))[-MOST_REMOVED:],
            wary=self.wary or last.wary,
            gone=(*(one for one in last.gone if one[0] not in known), *self.gone)[-MOST_GONE:],
            over=last.over,
        )

    # What is done in it.

    def showing(self, name: str, shown: Shown) -> "State":
        """A seat says how it is."""
        seat = self.seat(name)
        return _with(self, msgspec.structs.replace(seat, shown=shown)) if seat and seat.shown != shown else self

    def with_role(self, name: str, role: CallRole) -> "State":
        """All seats of the account of a seat have a role."""
        seat = self.seat(name)
        if seat is None or not seat.account_id:
            return self
        mine = (one.account_id == seat.account_id for one in self.seats)
        seats = tuple(msgspec.structs.replace(one, role=role) if my else one for one, my in zip(self.seats, mine, strict=True))
        return msgspec.structs.replace(self, seats=seats)

    def with_facts(self, facts: Facts) -> "State":
        """The call's record changed."""
        return self if facts == self.facts else msgspec.structs.replace(self, facts=facts)

    def ended(self) -> "State":
        """It is over for everybody."""
        gone = (*self.gone, *((seat.seat, HowLeft.ENDED) for seat in self.seats))[-MOST_GONE:]
        return msgspec.structs.replace(self, seats=(), knocks=(), gone=gone, over=True)


def _with(state: State, seat: Seat) -> State:
    return msgspec.structs.replace(state, seats=tuple(seat if one.seat == seat.seat else one for one in state.seats))


def ended() -> Conflict:
    """Why nobody comes in any more."""
    return Conflict(ErrorCode.CALL_ENDED, "The host ended the call.")


def check_order(by: Seat, subject: Seat, order: str) -> None:
    """Whether somebody may direct somebody else so. Raises ``Refused(NOT_ALLOWED)``."""
    if not by.may_direct:
        raise Refused(ErrorCode.NOT_ALLOWED, "Only the host and co-hosts do that.")
    if order in {"cohost", "person"}:
        if by.role is not CallRole.HOST:
            raise Refused(ErrorCode.NOT_ALLOWED, "Only the host makes co-hosts.")
        if not subject.account_id:
            raise Refused(ErrorCode.NOT_ALLOWED, "A guest can't be a co-host; they would need an account.")
        if subject.role is CallRole.HOST:
            raise Refused(ErrorCode.NOT_ALLOWED, "The host stays the host.")
    elif order == "remove" and (subject.role is CallRole.HOST or subject.seat == by.seat):
        raise Refused(ErrorCode.NOT_ALLOWED, "The host can't be put out, nor you by yourself: leave instead.")
