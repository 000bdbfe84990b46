"""Calls on real nodes, on one bus and one database: who comes in, what they hear of each other, and what becomes of those who are lost."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from chat.calls.hub import RECORD_SECONDS
from storage.model.call import CallRole, HowEnded, HowLeft
from storage.settings import Settings
from tests.chat.caller import OFFER, Caller, Lines, Refusal
from tests.chat.conftest import SECRET
from tests.chat.nodes import Chat, chat_nodes
from tests.fixtures.valkey import Valkey

CANDIDATE = {
    "candidate": "candidate:1 1 udp 2113937151 0f3c8a1e-5d0b-4c6e-9a57-2f1f1c0d7e11.local 50012 typ host",
    "sdpMid": "0",
    "sdpMLineIndex": 0,
    "usernameFragment": "Zk3v",
}


@pytest.fixture
def settings(valkey: Valkey, tmp_path: Path) -> Settings:
    return Settings(secret=SECRET, data=tmp_path, redis_url=valkey.url)


@pytest_asyncio.fixture
async def chat(settings: Settings) -> AsyncIterator[Chat]:
    async with chat_nodes(settings, 2) as chat:
        yield chat


async def refused(caller: Caller, kind: str, **fields: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        await caller.ask(kind, **fields)
    return str(refusal.value.code)


async def test_two_people_on_two_nodes_find_each_other(chat: Chat) -> None:
    lines = await Lines.made(chat)
    grace = await chat.account("grace")
    async with lines.line(lines.host) as ada, lines.line(grace, node=1) as other:
        await ada.enter()
        assert (ada.seated["title"], ada.seated["limit"], ada.seated["may_direct"]) == ("Rehearsal", 8, True)
        await other.enter(invite=await lines.invite())
        assert other.seats == {ada.you, other.you}
        assert other.seated["may_direct"] is False
        came = await ada.hears("seat")
        assert (came["seat"]["name"], came["seat"]["account"], came["seat"]["present"]) == ("Grace", "grace", True)

        await other.signal(ada)
        assert await ada.hears("signalled") == {
            "type": "signalled",
            "call": ada.call,
            "from": other.you,
            "description": OFFER,
        }
        await ada.signal(other, candidate=CANDIDATE)
        assert (await other.hears("signalled"))["candidate"] == CANDIDATE
        await ada.signal(other, candidate=None)
        assert (await other.hears("signalled"))["candidate"] is None

        await ada.ask("show", camera=True, microphone=True, screen=False, hand=True, quality="good")
        shown = (await other.hears("seat"))["seat"]
        assert (shown["seat"], shown["camera"], shown["hand"], shown["quality"]) == (ada.you, True, True, "good")

        await other.ask("say", text=" The score is on page 12. ")
        for caller in (ada, other):
            said = await caller.hears("said")
            assert (said["seat"], said["name"], said["text"]) == (other.you, "Grace", "The score is on page 12.")

        await other.ask("exit", quality={"minutes": 1.5})
        assert (await ada.hears("seat_left"))["how"] == "left"
    visit = await chat.storage.call_log.visit(lines.call.id, grace.id)
    assert visit is not None
    (stay,) = [stay for stay in visit.stays if stay.account == "grace"]
    assert (stay.how_left, stay.quality, stay.role) == (HowLeft.LEFT, {"minutes": 1.5}, CallRole.PERSON)


async def test_a_stranger_can_not_come_in_whatever_they_say(chat: Chat) -> None:
    lines = await Lines.made(chat)
    eve = await chat.account("eve")
    accounts_only, good = await lines.invite(guests=False), await lines.invite()
    async with lines.line(lines.host) as ada, lines.line(eve, node=1) as stranger, lines.line(node=1) as guest:
        await ada.enter()
        for caller in (stranger, guest):
            for fields in ({}, {"invite": "x"}, {"invite": "", "seat": ada.you}, {"seat": ada.you, "secret": "x" * 43}):
                with pytest.raises(Refusal) as outside:
                    await caller.enter(name="Eve", **fields)
                assert outside.value.code == ("seat_unknown" if "seat" in fields else "call_unknown")
        with pytest.raises(Refusal) as closed_to_guests:
            await guest.enter(name="Eve", invite=accounts_only)
        guest.call = "0" * 26
        with pytest.raises(Refusal) as unknown:
            await guest.enter(name="Eve", invite=good)
        # Nothing tells a call that is there from one that is not.
        assert (closed_to_guests.value.code, closed_to_guests.value.detail) == (unknown.value.code, unknown.value.detail)
        asked: tuple[tuple[str, dict[str, Any]], ...] = (
            ("signal", {"to": ada.you, "description": OFFER}),
            ("say", {"text": "Hello?"}),
            ("show", {"camera": True, "microphone": True, "screen": True, "hand": True}),
            ("admit", {"knock": "x", "admit": True}),
            ("direct", {"seat": ada.you, "order": "remove"}),
            ("lock", {"locked": True}),
            ("renew", {}),
            ("exit", {}),
            ("end_call", {}),
        )
        for kind, with_fields in asked:
            assert await refused(stranger, kind, **with_fields) == "not_joined"
        await ada.ask("renew")
        assert [frame["type"] for frame in ada.told if frame["type"] not in {"seated", "relays"}] == []


async def test_signals_go_to_seats_of_the_same_call_alone(chat: Chat) -> None:
    lines = await Lines.made(chat)
    other = Lines(chat, lines.host, await chat.storage.calls.create(lines.host.id))
    async with lines.line(lines.host) as here, other.line(lines.host) as there:
        await here.enter()
        await there.enter()
        assert await refused(here, "signal", to=there.you, description=OFFER) == "seat_unknown"
        assert await refused(here, "signal", to=here.you, description=OFFER) == "seat_unknown"
        assert await refused(here, "signal", to="nobody", description=OFFER) == "seat_unknown"
        assert await refused(here, "signal", to=here.you) == "frame_invalid"
        assert await refused(here, "signal", to=here.you, description=OFFER, candidate=None) == "frame_invalid"
        assert await refused(here, "signal", to=here.you, description={"type": "offer", "sdp": "x"}) == "bad_sdp"
        assert await refused(here, "signal", to=here.you, description={"type": "offer", "sdp": "v=0" + "x" * 32766}) == "frame_invalid"
        here.call = there.call
        assert await refused(here, "signal", to=there.you, description=OFFER) == "not_joined"


async def test_a_description_of_thirty_kilobytes_gets_through_and_a_frame_of_fifty_ends_the_socket(chat: Chat) -> None:
    lines = await Lines.made(chat)
    long = {"type": "offer", "sdp": "v=0\r\n" + "a=x\r\n" * 6000}
    async with lines.line(lines.host) as ada, lines.line(lines.host, node=1) as other:
        await ada.enter()
        await other.enter()
        await other.signal(ada, description=long)
        assert (await ada.hears("signalled"))["description"] == long
        await other.socket.send("x" * 50_000)
        await other.socket.wait_closed()
        assert other.socket.close_code == 1009
        assert (await ada.hears("seat", seat={**came(ada, other), "present": False}))["type"] == "seat"


def came(caller: Caller, other: Caller) -> dict[str, Any]:
    """The last that was told of a seat while it was present."""
    return next(frame["seat"] for frame in caller.told if frame["type"] == "seat" and frame["seat"]["seat"] == other.you)


async def test_a_flood_of_signals_is_refused_and_others_are_served(chat: Chat) -> None:
    lines = await Lines.made(chat)
    async with lines.line(lines.host) as ada, lines.line(lines.host, node=1) as other:
        await ada.enter()
        await other.enter()
        began = time.monotonic()
        asked = [await ada.send("signal", to=other.you, candidate=None) for _ in range(500)]
        outcomes = [await ada.outcome(identifier) for identifier in asked]
        refusals = [frame for frame in outcomes if frame["type"] == "refused"]
        # Twenty a second come on top of the first 400, and a busy machine takes its time.
        assert 400 <= len(outcomes) - len(refusals) <= 401 + 20 * (time.monotonic() - began)
        assert {frame["code"] for frame in refusals} == {"too_many_requests"}
        assert all(0 < frame["retry_after"] <= 1 for frame in refusals)
        await other.signal(ada)
        # Who goes on all the same is cut off.
        for _ in range(1500):
            await ada.send("signal", to=other.you, candidate=None)
        await ada.socket.wait_closed()
        assert ada.socket.close_code == 4029


async def test_there_are_eight_seats_however_many_come_at_once_on_however_many_nodes(chat: Chat) -> None:
    lines = await Lines.made(chat)
    invite = await lines.invite()
    async with AsyncExitStack() as stack:
        guests = [await stack.enter_async_context(lines.line(node=at % 2)) for at in range(12)]
        outcomes = await asyncio.gather(
            *(guest.enter(invite=invite, name=f"Guest {at}") for at, guest in enumerate(guests)), return_exceptions=True
        )
        seated = [outcome for outcome in outcomes if isinstance(outcome, Caller)]
        assert len(seated) == 8
        assert {str(outcome) for outcome in outcomes if not isinstance(outcome, Caller)} == {"call_full"}
        await seated[0].ask("exit")
        (outside,) = [guest for guest in guests if guest not in seated][:1]
        await outside.enter(invite=invite, name="The ninth")
        assert len(outside.seats) == 8


async def test_an_invitation_for_one_lets_one_in(chat: Chat) -> None:
    lines = await Lines.made(chat)
    invite = await lines.invite(single_use=True)
    async with lines.line() as first, lines.line(node=1) as second:
        outcomes = await asyncio.gather(
            first.enter(invite=invite, name="One"), second.enter(invite=invite, name="Other"), return_exceptions=True
        )
        (let_in,) = [outcome for outcome in outcomes if isinstance(outcome, Caller)]
        assert {str(outcome) for outcome in outcomes if not isinstance(outcome, Caller)} == {"call_unknown"}
        # Coming back needs no invitation.
        await let_in.cut()
        async with lines.line(node=1) as again:
            await again.enter(**let_in.back)
            assert again.you == let_in.you


async def test_invitations_are_not_guessed_and_nobody_knocks_without_end(chat: Chat) -> None:
    lines = await Lines.made(chat)
    invite = await lines.invite()
    async with lines.line(lines.host) as ada, lines.line() as one, lines.line(node=1) as other:
        asked = [(caller, await caller.send("enter", invite="x" * 32, name="Eve")) for _ in range(11) for caller in (one, other)]
        codes = [(await caller.outcome(identifier))["code"] for caller, identifier in asked]
        assert sorted(codes) == ["call_unknown"] * 20 + ["too_many_requests"] * 2
        assert await refused(other, "enter", invite=invite, name="Eve") == "too_many_requests"
        # Counted by address for guests, and by account for others.
        await ada.enter()


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\u202eb", "\u200b", "a\nb\x00"])
async def test_a_guest_has_a_name_that_can_be_seen(chat: Chat, name: str) -> None:
    lines = await Lines.made(chat)
    async with lines.line() as guest:
        with pytest.raises(Refusal) as refusal:
            await guest.enter(invite=await lines.invite(), name=name)
        assert refusal.value.code == "name_invalid"


async def test_who_knocks_is_let_in_from_another_node_or_not(chat: Chat) -> None:
    lines = await Lines.made(chat, lobby=True)
    invite = await lines.invite()
    async with lines.line(node=1) as grace, lines.line(node=0) as eve, lines.line(lines.host) as ada:
        asked = {caller: await caller.send("enter", invite=invite, name=name) for caller, name in ((grace, "Grace"), (eve, "Eve"))}
        for caller in asked:
            await caller.hears("knocking")
        await ada.enter()
        knocks = {knock["name"]: knock["id"] for knock in ada.seated["knocks"]}
        assert set(knocks) == {"Grace", "Eve"}
        await ada.ask("admit", knock=knocks["Grace"], admit=True)
        await ada.ask("admit", knock=knocks["Eve"], admit=False)
        grace.seated = await grace.answer(asked[grace])
        assert grace.seats == {ada.you, grace.you}
        with pytest.raises(Refusal) as denied:
            await eve.answer(asked[eve])
        assert denied.value.code == "call_denied"
        for _ in range(2):
            await ada.hears("knock_over")
        assert await refused(ada, "admit", knock=knocks["Eve"], admit=True) == "already_decided"
        assert await refused(grace, "admit", knock=knocks["Eve"], admit=True) == "not_allowed"
        # Who goes away while they wait is not waited for.
        await eve.send("enter", invite=invite, name="Eve")
        knocked = await ada.hears("knocked")
        await eve.cut()
        await ada.hears("knock_over", knock=knocked["knock"]["id"])


async def test_host_and_cohosts_direct_and_others_do_not(chat: Chat) -> None:
    lines = await Lines.made(chat)
    invite = await lines.invite()
    people = [await chat.account(name) for name in ("grace", "hedy")]
    async with lines.line(lines.host) as ada, lines.line(people[0], node=1) as grace, lines.line(people[1]) as hedy, lines.line() as guest:
        await ada.enter()
        await grace.enter(invite=invite)
        await hedy.enter(invite=invite)
        await guest.enter(invite=invite, name="Linus")
        for kind, fields in (("direct", {"seat": ada.you, "order": "mute"}), ("lock", {"locked": True}), ("end_call", {})):
            assert await refused(grace, kind, **fields) == "not_allowed"

        await ada.ask("direct", seat=grace.you, order="mute")
        assert await grace.hears("asked") == {"type": "asked", "call": ada.call, "by": ada.you, "order": "mute"}
        await ada.ask("direct", seat=grace.you, order="cohost")
        promoted = await grace.until(lambda frame: frame["type"] == "seat" and frame["seat"]["role"] == "cohost")
        assert promoted["seat"]["seat"] == grace.you
        assert await refused(ada, "direct", seat=guest.you, order="cohost") == "not_allowed"
        assert await refused(grace, "direct", seat=hedy.you, order="cohost") == "not_allowed"
        assert await refused(grace, "direct", seat=ada.you, order="remove") == "not_allowed"
        assert await refused(grace, "end_call") == "not_allowed"

        await grace.ask("direct", seat=hedy.you, order="remove")
        assert (await hedy.hears("call_over"))["code"] == "call_removed"
        assert (await ada.hears("seat_left", seat=hedy.you))["how"] == "removed"
        for fields in ({"invite": invite}, hedy.back):
            with pytest.raises(Refusal) as outside:
                await hedy.enter(**fields)
            assert outside.value.code == "call_removed"

        await grace.ask("lock", locked=True)
        for caller in (ada, guest):
            assert (await caller.hears("call"))["locked"] is True
        async with lines.line(node=1) as late, lines.line(lines.host, node=1) as again:
            with pytest.raises(Refusal) as locked:
                await late.enter(invite=invite, name="Late")
            assert locked.value.code == "call_locked"
            await again.enter()

        await ada.ask("end_call")
        for caller in (ada, grace, guest):
            assert (await caller.hears("call_over"))["code"] == "call_ended"
        with pytest.raises(Refusal) as over:
            await guest.enter(invite=invite, name="Linus")
        assert over.value.code == "call_ended"
    record = await chat.storage.calls.find(lines.call.name)
    assert record is not None
    assert record.how_ended is HowEnded.ENDED


async def test_a_guest_who_was_put_out_knocks_even_where_nobody_does(chat: Chat) -> None:
    lines = await Lines.made(chat)
    invite = await lines.invite()
    async with lines.line(lines.host) as ada, lines.line(node=1) as eve:
        await ada.enter()
        await eve.enter(invite=invite, name="Eve")
        await ada.ask("direct", seat=eve.you, order="remove")
        await eve.hears("call_over")
        await eve.send("enter", invite=invite, name="Eva")
        await ada.hears("knocked")


async def test_a_seat_is_taken_again_on_another_node(chat: Chat) -> None:
    lines = await Lines.made(chat)
    invite = await lines.invite()
    async with lines.line(lines.host) as ada, lines.line(node=0) as grace:
        await ada.enter()
        await grace.enter(invite=invite, name="Grace")
        await ada.hears("seat")
        await grace.cut()
        assert (await ada.hears("seat"))["seat"]["present"] is False
        assert await refused(ada, "signal", to=grace.you, description=OFFER) == "seat_away"
        async with lines.line(node=1) as again, lines.line(node=0) as third:
            await again.enter(**grace.back)
            assert again.you == grace.you
            assert (await ada.hears("seat"))["seat"]["present"] is True
            await ada.signal(again)
            await again.hears("signalled")
            # Taken while the socket before still lives.
            await third.enter(**grace.back)
            assert (await again.hears("call_over"))["code"] == "seat_taken"
            await ada.signal(third)
            await third.hears("signalled")
            assert await refused(again, "signal", to=ada.you, description=OFFER) == "not_joined"
        assert (await ada.hears("seat_left", within=20))["how"] == "lost"
        async with lines.line(node=1) as late:
            with pytest.raises(Refusal) as gone:
                await late.enter(**grace.back)
            assert gone.value.code == "seat_unknown"


async def test_a_seat_of_an_account_is_taken_again_by_the_account_alone(chat: Chat) -> None:
    lines = await Lines.made(chat)
    async with lines.line(lines.host) as ada, lines.line(await chat.account("eve"), node=1) as eve, lines.line() as nobody:
        await ada.enter()
        for caller in (eve, nobody):
            with pytest.raises(Refusal) as refusal:
                await caller.enter(**ada.back)
            assert refusal.value.code == "seat_unknown"


@pytest.mark.parametrize("has_relay", [True, False])
async def test_a_guest_is_hidden_behind_a_relay_or_told_that_there_is_none(settings: Settings, has_relay: bool) -> None:
    if has_relay:
        settings = replace(settings, turn_urls=("turn:turn.example.org:3478",), turn_secret="a secret of sixteen")
    async with chat_nodes(settings) as chat:
        lines = await Lines.made(chat)
        async with lines.line(lines.host) as ada, lines.line() as guest:
            await ada.enter()
            await guest.enter(invite=await lines.invite(), name="Grace")
            assert ada.seated["relays"]["relay_only"] is False
            assert ada.seated["relays"].get("relay_to_guests", False) is has_relay
            relays = guest.seated["relays"]
            assert (relays["relay_only"], relays.get("address_visible", False)) == (has_relay, not has_relay)
            assert len(relays["ice_servers"]) == has_relay
            assert (await guest.ask("renew"))["relays"]["relay_only"] is has_relay


async def test_when_the_bus_dies_calls_go_on_and_are_put_back(chat: Chat, valkey: Valkey) -> None:
    lines = await Lines.made(chat)
    invite = await lines.invite()
    async with lines.line(lines.host) as ada, lines.line() as grace, lines.line(node=1) as linus:
        await ada.enter()
        await grace.enter(invite=invite, name="Grace")
        await linus.enter(invite=invite, name="Linus")
        await ada.hears("seat", within=5)
        valkey.kill()
        # Of one node they hear each other without it; others are told that it does not get through.
        await grace.signal(ada)
        await ada.hears("signalled")
        assert await refused(linus, "signal", to=ada.you, description=OFFER) == "bus_unavailable"
        await asyncio.sleep(2)
        valkey.start()

        async with asyncio.timeout(8):
            while (await linus.outcome(await linus.send("signal", to=ada.you, candidate=None)))["type"] == "refused":
                await asyncio.sleep(0.2)
        await ada.hears("signalled")
        await asyncio.sleep(6)
        for caller in (ada, grace, linus):
            assert [frame for frame in caller.told if frame["type"] in {"call_over", "seat_left"}] == []
        async with lines.line(node=1) as late:
            await late.enter(invite=invite, name="Late")
            assert late.seats == {ada.you, grace.you, linus.you, late.you}
            assert all(seat["present"] for seat in late.seated["seats"])


async def test_what_the_interface_changes_or_forgets_is_known_at_once_on_every_node(chat: Chat) -> None:
    lines = await Lines.made(chat)
    calls, bus = chat.storage.calls, chat.storage.bus
    async with lines.line(lines.host) as ada, lines.line(node=1) as guest:
        await ada.enter()
        await guest.enter(invite=await lines.invite(), name="Linus")
        await calls.change(lines.call, title="Performance", locked=True)
        await bus.announce_call(lines.call.id)
        for caller in (ada, guest):
            changed = await caller.hears("call", within=RECORD_SECONDS / 2, locked=True)
            assert changed["title"] == "Performance"
        await calls.delete(lines.call.id)
        await bus.announce_call(lines.call.id)
        for caller in (ada, guest):
            assert (await caller.hears("call_over", within=RECORD_SECONDS / 2))["code"] == "call_ended"


@pytest.mark.real_time
async def test_a_hint_that_was_lost_is_made_up_for(chat: Chat) -> None:
    lines = await Lines.made(chat)
    async with lines.line(lines.host) as ada:
        await ada.enter()
        await chat.storage.calls.delete(lines.call.id)
        assert (await ada.hears("call_over", within=2 * RECORD_SECONDS))["code"] == "call_ended"
