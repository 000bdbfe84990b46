import pytest

from tests.clients.material import Material, make_material


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """Encoded media for publishers that bring none."""
    return make_material(tmp_path_factory.mktemp("material"))
