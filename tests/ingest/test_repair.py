from ingest.repair import RepairWatch

MS = 1_000_000


def judge(missing: int, packets_a_second: int, *, milliseconds: int = 500) -> bool:
    watch = RepairWatch(400 * MS)
    return any(watch.hopeless(missing, packets_a_second * now // 1000, now * MS) for now in range(0, milliseconds, 10))


def test_a_few_missing_packets_are_always_asked_for() -> None:
    assert not judge(15, 1)


def test_a_burst_is_asked_for_where_the_path_is_as_wide_as_before() -> None:
    assert not judge(96, 320)


def test_a_burst_is_not_asked_for_where_the_path_became_narrow() -> None:
    assert judge(60, 100)


def test_a_verdict_takes_a_tenth_of_a_second_to_look() -> None:
    assert not judge(500, 1, milliseconds=100)


def test_every_look_starts_anew_once_nothing_is_missing() -> None:
    watch = RepairWatch(400 * MS)
    assert not watch.hopeless(100, 0, 0)
    watch.whole()
    assert not watch.hopeless(100, 0, 1000 * MS)
    assert watch.hopeless(100, 10, 1100 * MS)
