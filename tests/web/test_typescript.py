from web.typescript import PLACE, client


def test_the_pages_client_is_what_the_description_makes() -> None:
    assert PLACE.read_text(encoding="utf-8") == client(), "run: python -m web.typescript"
