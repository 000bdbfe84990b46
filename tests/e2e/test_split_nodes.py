import tempfile
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.clients.material import Material
from tests.e2e import scenarios
from tests.e2e.split import split_nodes
from tests.e2e.stage import Stage
from tests.fixtures.postgres import PostgreSQL
from tests.fixtures.seaweedfs import ACCESS_KEY, BUCKET, SECRET_KEY, SeaweedFS
from tests.fixtures.valkey import Valkey

pytestmark = [pytest.mark.clients, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def stage(postgres: PostgreSQL, seaweedfs: SeaweedFS) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="fl-", ignore_cleanup_errors=True) as folder:
        valkey = Valkey(Path(folder))
        valkey.start()
        try:
            with split_nodes(Path(folder), valkey, postgres, seaweedfs) as found:
                yield found
        finally:
            valkey.stop()


def test_someone_goes_live_and_a_viewer_watches_to_the_end(stage: Stage, seaweedfs: SeaweedFS) -> None:
    scenarios.publish_and_watch(stage)

    client = boto3.session.Session().client(
        "s3", endpoint_url=seaweedfs.endpoint, region_name="us-east-1", aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY
    )
    keys = [item["Key"] for item in client.list_objects_v2(Bucket=BUCKET, Prefix="live/split/")["Contents"]]
    client.close()
    assert any(key.endswith("/video/0.m4s") for key in keys)
    assert "live/split/index.m3u8" in keys


def test_a_publisher_that_comes_back_continues_the_broadcast(stage: Stage) -> None:
    scenarios.publisher_reconnects(stage)


def test_the_newest_publisher_takes_over(stage: Stage, material: Material) -> None:
    scenarios.takeover(stage, material)


def test_an_ended_broadcast_can_be_watched_and_followed_by_another(stage: Stage) -> None:
    scenarios.the_end(stage)
