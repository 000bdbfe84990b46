from pathlib import Path

import msgspec

from storage.bus.messages import NodeInfo
from storage.bus.redis import Bus
from storage.bus.topics import node_key
from storage.clock import SystemClock
from storage.model.ids import NodeId
from storage.node import Node
from storage.opening import open_storage
from storage.settings import Settings
from tests.fixtures.valkey import Valkey
from web.instance import role_program
from web.nodes import checks
from web.operations import readiness

INFO = NodeInfo(node=NodeId("ingest-1"), roles=("ingest",), host="127.0.0.1", started_ms=0)


async def test_a_role_is_ready_when_others_know_of_it_as_it_is_now(valkey: Valkey, bus: Bus, tmp_path: Path) -> None:
    clock = SystemClock()
    node = Node(INFO, bus, clock)
    await node.heartbeat()
    node.describe(relay="unix:/somewhere", capacity=4)
    async with open_storage(Settings(data=tmp_path, redis_url=valkey.url), clock) as storage:
        asked = checks("ingest", storage, node)
        assert await readiness(asked) == {"bus": "ok", "registration": "ok"}
        found = await bus.read(node_key(INFO.node), NodeInfo)
        assert found is not None
        assert found.capacity == 4
        valkey.kill()
        assert (await readiness(asked))["registration"] == "ok"
        node.describe(capacity=5)
        assert (await readiness(asked))["registration"] != "ok"


async def test_without_an_operations_port_a_role_is_ready_when_it_is_on_the_bus(valkey: Valkey, bus: Bus, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, redis_url=valkey.url, operations_port=0)
    ingest, transcoder = (role_program(role, settings, {}).ready for role in ("ingest", "transcoder"))
    assert ingest is not None
    assert transcoder is not None
    await bus.register(node_key(INFO.node), INFO, ttl=20)
    assert not await ingest()
    assert not await transcoder()
    await bus.register(node_key(INFO.node), msgspec.structs.replace(INFO, capacity=4, relay="unix:/somewhere"), ttl=20)
    await bus.register(node_key(NodeId("t")), msgspec.structs.replace(INFO, node=NodeId("t"), roles=("transcoder",)), ttl=20)
    assert await ingest()
    assert await transcoder()
    valkey.kill()
    assert not await ingest()
