"""Which database, bucket and bus are used."""

import subprocess
import sys
from pathlib import Path

import pytest

from storage.model.errors import BadInput
from storage.model.ids import ChannelName
from storage.objects.files import FileStore
from storage.opening import open_bus, open_storage
from storage.settings import Settings
from tests.fixtures.seaweedfs import SeaweedFS
from tests.fixtures.valkey import Valkey


@pytest.mark.usefixtures("no_leaks")
@pytest.mark.usefixtures("no_leaks")
async def test_without_settings_all_but_the_bus_is_in_the_data_folder(tmp_path: Path) -> None:
    async with open_storage(Settings(data=tmp_path / "data")) as storage:
        await storage.database.migrate()
        await storage.channels.create(ChannelName("a"), "")
        await storage.objects.put("live/a", b"x", content_type="text/plain", cache_control="")
        assert isinstance(storage.objects, FileStore)
        with pytest.raises(BadInput, match="REDIS_URL"):
            _ = storage.bus
    assert (tmp_path / "data" / "fanlight.db").exists()
    assert (tmp_path / "data" / "objects" / "live" / "a").exists()


@pytest.mark.usefixtures("no_leaks")
async def test_with_settings_all_is_where_they_say(seaweedfs: SeaweedFS, valkey: Valkey, tmp_path: Path) -> None:
    where = seaweedfs.settings
    settings = Settings(
        data=tmp_path / "data",
        redis_url=valkey.url,
        s3_endpoint=where["s3_endpoint"],
        s3_bucket=where["s3_bucket"],
        s3_access_key=where["s3_access_key"],
        s3_secret_key=where["s3_secret_key"],
        database_url=f"sqlite:///{tmp_path}/other.db",
    )
    async with open_storage(settings) as storage:
        await storage.bus.ping()
        await storage.objects.put("opening", b"x", content_type="text/plain", cache_control="")
        await storage.database.migrate()
    assert not (tmp_path / "data").exists()


async def test_a_bus_needs_an_address() -> None:
    with pytest.raises(BadInput, match="REDIS_URL"):
        async with open_bus(Settings()):
            pass


def test_what_a_role_does_not_use_is_not_loaded() -> None:
    script = "import storage.opening, storage.node, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout.split()
    assert not {"boto3", "sqlalchemy", "alembic", "av", "aiortc", "quart"} & set(loaded)
