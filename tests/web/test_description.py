import re

import msgspec

from tests.web.conftest import PAGE, Site
from web.api.openapi import openapi
from web.api.table import NOUNS, routes


async def test_every_route_is_described_and_every_description_has_a_route(site: Site) -> None:
    found = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in site.app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in rule.methods or ()
        if method not in {"HEAD", "OPTIONS"}
    }
    assert found == {(route.method, route.full_path) for route in routes()}


async def test_the_document_is_served_and_holds_together(site: Site) -> None:
    response = await site.client.get("/api/openapi.json")
    document = await response.get_json()
    assert document == openapi(NOUNS)
    assert document["openapi"].startswith("3.1")
    text = msgspec.json.encode(document).decode()
    for name in set(re.findall(r'"#/components/schemas/(\w+)"', text)):
        assert name in document["components"]["schemas"]
    identifiers = re.findall(r'"operationId":"(\w+)"', text)
    assert len(identifiers) == len(set(identifiers)) == len(routes())


async def test_people_get_a_page(site: Site) -> None:
    response = await site.client.get("/api/docs", headers=PAGE)
    page = await response.get_data(as_text=True)
    assert response.mimetype == "text/html"
    assert all(f"{route.method} {route.full_path}" in page for route in routes())
