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
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    identifiers = {operation["operationId"] for operation in operations}
    assert len(identifiers) == len(operations) == len(routes())
    links = [link for operation in operations for answer in operation["responses"].values() for link in answer.get("links", {}).values()]
    assert {link["operationId"] for link in links} <= identifiers


def test_links_lead_from_what_was_made_to_reading_changing_and_deleting_it() -> None:
    paths = openapi(NOUNS)["paths"]
    made = paths["/api/v1/channels"]["post"]["responses"]["201"]["links"]
    name, tag = {"path.name": "$response.body#/channel"}, {"header.If-Match": "$response.header.ETag"}
    assert made["live_channel"]["parameters"] == name
    assert made["channels_edit"]["parameters"] == made["channels_delete"]["parameters"] == name | tag
    # Another record's version is another one.
    assert made["chat_settings_change"]["parameters"] == name
    edited = paths["/api/v1/channels/{name}"]["patch"]["responses"]["200"]["links"]
    assert edited["channels_delete"]["parameters"] == edited["channels_edit"]["parameters"] == name | tag
    key = paths["/api/v1/channels/{name}/keys"]["post"]["responses"]["201"]["links"]["keys_revoke"]
    assert key["parameters"] == {"path.name": "$request.path.name", "path.key": "$response.body#/id"}


async def test_people_get_a_page(site: Site) -> None:
    response = await site.client.get("/api/docs", headers=PAGE)
    page = await response.get_data(as_text=True)
    assert response.mimetype == "text/html"
    assert all(f"{route.method} {route.full_path}" in page for route in routes())
