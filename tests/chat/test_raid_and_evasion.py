from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.evasion import Banned, Newcomer, likeness, network_digest, resemblance
from chat.raid import RaidDetector
from storage.chat.settings import Raid

TEN = Raid(joins=10, minutes=10)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECRET = b"a secret of the instance"


def came(detector: RaidDetector, account: str, now: float, raid: Raid = TEN) -> float | None:
    detector.came(account, now)
    seconds = detector.crowd(now, raid)
    if seconds is not None:
        detector.raised(now + seconds)
    return seconds


def crowd(detector: RaidDetector, count: int, at: float = 0, spread: float = 0, name: str = "a") -> list[float | None]:
    return [came(detector, f"{name}{number}", at + spread * number) for number in range(count)]


def test_a_sudden_crowd_raises_the_shield_for_the_time_that_is_set() -> None:
    assert crowd(RaidDetector(), 11) == [None] * 10 + [600]


def test_the_same_few_coming_again_and_again_are_no_crowd() -> None:
    detector = RaidDetector()
    assert all(came(detector, f"a{number % 5}", number / 10) is None for number in range(500))


def test_a_crowd_that_comes_slowly_is_none() -> None:
    assert crowd(RaidDetector(), 100, spread=7) == [None] * 100


def test_a_raid_that_goes_on_keeps_the_shield_up_and_is_not_told_each_time() -> None:
    detector = RaidDetector()
    told = [at for at in range(700) if came(detector, f"a{at}", at)]
    assert told == [10, 310, 610]


def test_when_the_team_lowers_the_shield_it_counts_anew() -> None:
    detector = RaidDetector()
    crowd(detector, 11)
    detector.lowered(0.5)
    assert crowd(detector, 11, at=1, name="b") == [None] * 10 + [600]


def test_it_can_be_off() -> None:
    detector = RaidDetector()
    assert all(came(detector, f"a{number}", 0, Raid()) is None for number in range(1000))


def test_who_is_not_told_yet_is_told_with_the_time_since_they_came() -> None:
    detector = RaidDetector()
    crowd(detector, 3, spread=10)
    assert detector.untold(25, most=2) == {"a0": 25, "a1": 15}
    detector.told(["a0", "a1"])
    detector.came("a0", 30)
    assert detector.untold(30, most=9) == {"a2": 10}
    assert detector.untold(85, most=9) == {}
    detector.lowered(90)
    assert detector.lowered_at == 90
    detector.told([])
    assert detector.lowered_at is None


ADDRESS, SAME_NETWORK, ELSEWHERE = "8.8.4.4", "8.8.4.250", "9.9.9.9"


def newcomer(name: str, address: str, age: timedelta = timedelta(minutes=5)) -> Newcomer:
    return Newcomer(name, NOW - age, network_digest(SECRET, "main", address))


def banned(name: str, address: str = ADDRESS, ago: timedelta = timedelta(hours=1)) -> Banned:
    return Banned(name, NOW - ago, network_digest(SECRET, "main", address))


@pytest.mark.parametrize(
    ("who", "flagged"),
    [
        (newcomer("trollking2", ELSEWHERE), True),
        (newcomer("tr0llking", ELSEWHERE), True),
        (newcomer("fresh-face", SAME_NETWORK), True),
        (newcomer("trollkings", ELSEWHERE), True),
        (newcomer("fresh-face", ELSEWHERE), False),
        (newcomer("neighbour", SAME_NETWORK, timedelta(days=400)), False),
        (newcomer("trollking2", ELSEWHERE, timedelta(days=400)), False),
        (newcomer("trollking2", SAME_NETWORK, timedelta(days=400)), True),
    ],
)
def test_who_looks_like_one_that_is_banned_is_flagged(who: Newcomer, *, flagged: bool) -> None:
    found = resemblance(who, [banned("somebody", "1.1.1.1"), banned("trollking")], NOW)
    assert (found is not None) == flagged
    if found:
        assert found.name == "trollking"
        assert found.signs


def test_nobody_is_like_nobody() -> None:
    assert resemblance(newcomer("ada", ADDRESS), [], NOW) is None


def test_digests_tell_nothing_without_the_key_and_in_another_channel() -> None:
    digest = network_digest(SECRET, "main", ADDRESS)
    assert digest == network_digest(SECRET, "main", SAME_NETWORK)
    assert digest != network_digest(SECRET, "main", ELSEWHERE)
    assert digest != network_digest(SECRET, "other", ADDRESS)
    assert digest != network_digest(b"another", "main", ADDRESS)
    assert network_digest(SECRET, "main", "::ffff:8.8.4.4") == digest
    assert network_digest(SECRET, "main", "2606:4700:4700:1::1") == network_digest(SECRET, "main", "2606:4700:4700:2::1")


@pytest.mark.parametrize("address", ["", "127.0.0.1", "10.1.2.3", "192.168.0.1", "::1", "fe80::1", "fd00::1", "no address"])
def test_everybody_at_home_is_not_one_person(address: str) -> None:
    assert network_digest(SECRET, "main", address) is None


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_is_between_nothing_and_one(one: str, other: str) -> None:
    assert 0 <= likeness(one, other) <= 1
