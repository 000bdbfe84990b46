from collections.abc import Iterator

import pytest

from tests.clients.material import Material, make_material
from tests.fixtures.platform import Platform, running_platform


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """Encoded media for publishers that bring none."""
    return make_material(tmp_path_factory.mktemp("material"))


@pytest.fixture(scope="module")
def open_platform() -> Iterator[Platform]:
    """A platform reached at the machine's own address: Firefox and libnice have no way from it to 127.0.0.1."""
    with running_platform(FANLIGHT_HOST="0.0.0.0") as found:
        yield found
