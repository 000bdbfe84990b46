from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from ingest import whip
from tests.fixtures.valkey import Valkey
from tests.ingest.rig import Rig, open_rig


@pytest_asyncio.fixture
async def rig(no_leaks: Callable[[], Counter[str]], valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    del no_leaks
    monkeypatch.setattr(whip, "POST_BURST", 10_000)
    async with open_rig(valkey.url, tmp_path / "data") as opened:
        yield opened
