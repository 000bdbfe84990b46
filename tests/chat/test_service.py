import pytest

from chat.connection import PACE
from chat.server import SPARE
from chat.service import OTHER_FILES, UNLIMITED, limits
from storage.settings import Settings


@pytest.mark.parametrize(("factor", "count"), [(1.0, PACE.count), (2.0, 2 * PACE.count), (0.001, 1), (0.0, UNLIMITED * PACE.count)])
def test_frames_have_a_pace_whatever_an_operator_sets(factor: float, count: float) -> None:
    pace = limits(Settings(rate_limits=factor), 100_000).pace

    assert pace is not None
    assert (pace.count, pace.seconds) == (count, PACE.seconds)


@pytest.mark.parametrize(("files", "sockets"), [(100_000, 20_000), (5_000, 5_000 - SPARE - OTHER_FILES), (64, 1)])
def test_a_node_takes_no_more_sockets_than_it_may_open_files(files: int, sockets: int) -> None:
    assert limits(Settings(), files).node == sockets
