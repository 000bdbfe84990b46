import pytest

from tests.clients.material import Material
from tests.e2e import scenarios
from tests.e2e.stage import Stage
from tests.fixtures.platform import Platform

pytestmark = [pytest.mark.clients, pytest.mark.timeout(120)]


@pytest.fixture
def stage(platform: Platform) -> Stage:
    return Stage(platform.origin, platform.whip, platform.hls, platform.channel, platform.key)


def test_someone_goes_live_and_a_viewer_watches_to_the_end(stage: Stage) -> None:
    scenarios.publish_and_watch(stage)


def test_a_publisher_that_comes_back_continues_the_broadcast(stage: Stage) -> None:
    scenarios.publisher_reconnects(stage)


def test_the_newest_publisher_takes_over(stage: Stage, material: Material) -> None:
    scenarios.takeover(stage, material)


def test_an_ended_broadcast_can_be_watched_and_followed_by_another(stage: Stage) -> None:
    scenarios.the_end(stage)
