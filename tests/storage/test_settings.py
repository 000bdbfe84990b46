import re
from dataclasses import fields
from pathlib import Path

import pytest

from storage.model.errors import BadInput
from storage.settings import Settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


def variable(name: str) -> str:
    return name.upper() if name in {"redis_url", "database_url"} else f"FANLIGHT_{name.upper()}"


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([A-Z0-9_]+)` \| (?:`([^`]*)`)? ?\|", DOCUMENT.read_text(), re.MULTILINE))
    defaults = Settings()
    values = {variable(field.name): getattr(defaults, field.name) for field in fields(Settings)}
    assert rows == {
        name: "" if value in {"", ()} else str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()
    }


def test_nothing_set_is_the_defaults() -> None:
    assert Settings.from_environment({"PATH": "/bin", "HOME": "/", "FANLIGHT_PORT": "", "FANLIGHT_SECRET": ""}) == Settings()


def test_every_kind_of_value_is_read() -> None:
    settings = Settings.from_environment(
        {
            "FANLIGHT_PORT": "9000",
            "FANLIGHT_PART_TARGET": "0.2",
            "FANLIGHT_DATA": "/srv/fanlight",
            "FANLIGHT_ANNOUNCED_IPS": "192.0.2.1, 2001:db8::1,",
            "FANLIGHT_SECRET": "sixteen characters",
            "REDIS_URL": "redis://bus",
        }
    )
    assert (settings.port, settings.part_target, settings.data) == (9000, 0.2, Path("/srv/fanlight"))
    assert (settings.announced_ips, settings.secret, settings.redis_url) == (
        ("192.0.2.1", "2001:db8::1"),
        "sixteen characters",
        "redis://bus",
    )


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(BadInput) as raised:
        Settings.from_environment({"FANLIGHT_PORT": "eighty", "FANLIGHT_WINDOW": "long", "FANLIGHT_TYPO": "x"})
    assert all(name in raised.value.detail for name in ("FANLIGHT_PORT", "FANLIGHT_WINDOW", "FANLIGHT_TYPO"))
    with pytest.raises(BadInput) as raised:
        Settings.from_environment({"FANLIGHT_PORT": "-1", "FANLIGHT_WINDOW": "1", "FANLIGHT_S3_BUCKET": "x"})
    assert all(name in raised.value.detail for name in ("FANLIGHT_PORT", "FANLIGHT_WINDOW", "FANLIGHT_S3_ENDPOINT"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "65536"),
        ("MEDIA_PORT", "-1"),
        ("ANNOUNCED_IPS", "example.org"),
        ("PART_TARGET", "0.05"),
        ("PART_TARGET", "nan"),
        ("SEGMENT_TARGET", "0.5"),
        ("HOLD_BACK", "1.9"),
        ("HOLD_BACK", "nan"),
        ("SEGMENT_TARGET", "inf"),
        ("WINDOW", "17"),
        ("WINDOW", "inf"),
        ("HOLD", "-1"),
        ("HOLD", "nan"),
        ("HOLD", "inf"),
        ("MAX_SESSIONS", "0"),
        ("EDGE_WORKERS", "0"),
        ("TLS_CERTIFICATE", "x.pem"),
        ("TLS_KEY", "x.pem"),
        ("SECRET", "short"),
        ("RELAY_PORT", "9005"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "loud"),
        ("PUBLIC_URL", "example.org"),
        ("EDGE_URL", "ftp://example.org"),
        ("EDGE_URL", "http://[::1"),
        ("S3_ENDPOINT", "https://"),
        ("S3_ACCESS_KEY", "x"),
        ("STUN_URLS", "stun.example.org"),
        ("STUN_URLS", "turn:stun.example.org"),
        ("TURN_URLS", "turn:turn.example.org"),
        ("TURN_URLS", "turn://turn.example.org"),
        ("TURN_URLS", "turn:turn.example.org?transport=sctp"),
        ("TURN_URLS", "turn:user@turn.example.org"),
        ("TURN_SECRET", "sixteen characters"),
        ("TURN_SECRET", "short"),
        ("REGISTRATION", "maybe"),
        ("SMTP_URL", "http://example.org"),
        ("SMTP_URL", "smtp://example.org"),
        ("MAIL_FROM", "nobody"),
    ],
)
def test_a_value_that_can_not_work_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(BadInput, match=f"FANLIGHT_{name}"):
        Settings.from_environment({f"FANLIGHT_{name}": value})


def test_addresses_of_stun_and_turn_servers_are_read() -> None:
    turn = ("turn:turn.example.org:3478?transport=udp", "turns:[2001:db8::1]:5349?transport=tcp", "turn:192.0.2.1")
    settings = Settings.from_environment(
        {
            "FANLIGHT_STUN_URLS": "stun:a.example.org, stuns:192.0.2.1:5349",
            "FANLIGHT_TURN_URLS": ",".join(turn),
            "FANLIGHT_TURN_SECRET": "sixteen characters",
        }
    )
    assert (settings.stun_urls, settings.turn_urls) == (("stun:a.example.org", "stuns:192.0.2.1:5349"), turn)


def test_a_refusal_does_not_tell_a_secret() -> None:
    with pytest.raises(BadInput) as raised:
        Settings.from_environment({"FANLIGHT_SECRET": "hunter2", "FANLIGHT_S3_SECRET_KEY": "hunter2", "FANLIGHT_TURN_SECRET": "hunter2"})
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(("segment", "longest"), [(2.0, 3), (1.0, 2), (4.0, 6), (3.0, 5), (10.0, 15)])
def test_the_target_duration_leaves_room_to_wait_for_a_keyframe(segment: float, longest: int) -> None:
    assert Settings(segment_target=segment, window=100).target_duration == longest


@pytest.mark.parametrize("value", ["0.1004", "0.105", "0.1066", "0.1255", "0.1279"])
def test_a_part_target_no_audio_frames_can_fill_is_refused_with_one_that_can(value: str) -> None:
    with pytest.raises(BadInput) as raised:
        Settings.from_environment({"FANLIGHT_PART_TARGET": value})
    below, above = re.findall(r"0\.\d+", raised.value.detail)
    assert float(below) < float(value) < float(above)
    for other in (below, above):
        Settings.from_environment({"FANLIGHT_PART_TARGET": other})
