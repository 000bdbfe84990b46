import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.links import MOST_LINKS, allow_list, hosts, is_allowed
from tests.chat.nasty import NASTY


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see example.com", "example.com"),
        ("EXAMPLE.COM.", "example.com"),
        ("(example.com)", "example.com"),
        ("https://example.com/path?q=1#x", "example.com"),
        ("http:example.com", "example.com"),
        ("hxxps://example.com", "example.com"),
        ("https://good.example@evil.com/", "evil.com"),
        ("https://good.com\\@evil.com", "good.com"),
        ("[good.com](https://evil.com)", "evil.com"),
        ("evil.com:8080/x", "evil.com"),
        ("www.notes.md", "www.notes.md"),
        ("notes.md/x", "notes.md"),
        ("münchen.de", "münchen.de"),
        ("xn--mnchen-3ya.de", "münchen.de"),
        ("example\u3002com", "example.com"),
        ("ex\u200bample.com", "example.com"),
        ("ｅｘａｍｐｌｅ．ｃｏｍ", "example.com"),  # noqa: RUF001 - full width
        ("evil dot com", "evil.com"),
        ("evil (dot) com", "evil.com"),
        ("evil[.]com", "evil.com"),
        ("http://1.2.3.4/x", "1.2.3.4"),
        ("http://[::1]/", "[::1]"),
        ("discord.gg/abc", "discord.gg"),
        ("t.me/x", "t.me"),
    ],
)
def test_a_link_is_found(text: str, expected: str) -> None:
    assert expected in hosts(text)


@pytest.mark.parametrize(
    "text",
    [
        "e.g. this, i.e. that",
        "main.py and notes.md and run.sh, data.zip",
        "node.js a.b 3.14 v1.2.3 file.txt",
        "wow...ok ok.but",
        "name@example.com",
        "1.2.3.4",
        "connect the dot here",
        "U.S. and U.K.",
        "Done.Then he left. It works.No problem",
        "localhost:8000",
        "javascript:alert(1)",
        ":wave: 12:30 a:b",
    ],
)
def test_what_is_no_link_is_left_alone(text: str) -> None:
    assert hosts(text) == ()


@pytest.mark.parametrize(
    ("host", "allowed"),
    [("youtube.com", True), ("m.youtube.com", True), ("notyoutube.com", False), ("youtube.com.evil.com", False), ("bücher.example", True)],
)
def test_the_allow_list_takes_a_host_and_what_is_under_it(host: str, *, allowed: bool) -> None:
    assert is_allowed(host, allow_list(["https://YouTube.com/x", "*.xn--bcher-kva.example"])) == allowed


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_nasty_texts_are_read(text: str) -> None:
    assert len(hosts(text)) <= MOST_LINKS


@settings(deadline=None)
@given(st.text(st.sampled_from("a1-.:/@[]\\ \u3002\u00fcxndotcom\ud800"), max_size=300))
def test_any_text_is_read(text: str) -> None:
    hosts(text)
