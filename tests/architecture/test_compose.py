import re
from typing import Any

import pytest
import yaml

from storage.settings import Settings
from tests.architecture.sources import text
from web.command.node import parse_roles
from web.instance import ROLES

COMPOSE: dict[str, Any] = yaml.safe_load(text("compose.yaml"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "fanlight"}
DEFAULTS = Settings()


def environment(service: dict[str, Any]) -> dict[str, str]:
    """The service's variables with each `${NAME:-default}` and `${NAME:?hint}` filled in as somebody would."""
    secrets = {"FANLIGHT_SECRET": "x" * 32, "FANLIGHT_TURN_SECRET": "y" * 32}
    filled = {"FANLIGHT_ANNOUNCED_IPS": "192.0.2.1", "TURN_ADDRESS": "192.0.2.1"} | secrets
    variable = re.compile(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}")
    return {
        name: variable.sub(lambda match: filled.get(match[1], match[2] if match[2] is not None else "x"), value)
        for name, value in service["environment"].items()
    }


def test_every_role_is_a_service_of_its_own() -> None:
    assert [parse_roles(OURS[role]["command"][2]) for role in ROLES] == [[role] for role in ROLES]
    assert set(OURS) == {*ROLES, "migrate"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_services_environment_holds_settings_that_work(name: str) -> None:
    settings = Settings.from_environment(environment(OURS[name]))

    assert settings.redis_url
    assert settings.database_url
    assert settings.s3_bucket


@pytest.mark.parametrize(("name", "port"), [("web", 8000), ("edge", 8001), ("chat", 8006), ("ingest", 8003), ("transcoder", 8004)])
def test_a_roles_health_is_asked_where_it_answers(name: str, port: int) -> None:
    assert OURS[name]["healthcheck"]["test"][:4] == ["CMD", "python", "-m", "web.probe"]
    assert OURS[name]["healthcheck"]["test"][4] == f"http://127.0.0.1:{port}/readyz"


def test_ports_that_people_reach_are_open_and_no_others() -> None:
    opened = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert opened == {
        "web": [f"{DEFAULTS.port}:{DEFAULTS.port}/tcp"],
        "chat": [f"{DEFAULTS.chat_port}:{DEFAULTS.chat_port}/tcp"],
        "edge": [f"{DEFAULTS.edge_port}:{DEFAULTS.edge_port}/tcp"],
        "ingest": [f"{DEFAULTS.media_port}:{DEFAULTS.media_port}/udp"],
    }


def test_the_turn_server_has_the_configuration_that_is_tested_and_the_secret_of_the_chat_nodes() -> None:
    coturn = SERVICES["coturn"]

    assert coturn["volumes"] == ["./deploy/turnserver.conf:/etc/coturn/fanlight.conf:ro"]
    assert [line for line in coturn["command"] if "secret" in line] == [
        "--static-auth-secret=${FANLIGHT_TURN_SECRET:?set it in .env}",
    ]
    settings = Settings.from_environment(environment(OURS["chat"]))
    assert settings.turn_urls == ("turn:192.0.2.1:3478?transport=udp", "turn:192.0.2.1:3478?transport=tcp")
    assert settings.turn_secret != settings.secret


def test_every_service_that_stays_says_how_it_is() -> None:
    assert [name for name, service in SERVICES.items() if "healthcheck" not in service] == ["migrate"]


def test_no_secret_has_a_default() -> None:
    assert re.findall(r"\$\{\w*(?:SECRET|PASSWORD|KEY)\w*:-", text("compose.yaml")) == []


def test_the_example_environment_names_what_the_file_asks_for() -> None:
    asked = set(re.findall(r"\$\{(\w+)", text("compose.yaml")))
    named = set(re.findall(r"^(\w+)=", text("deploy/example.env"), re.MULTILINE))

    assert asked == named
