"""The chat as people use it: two viewers and the owner, in real browsers, against a real server."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.browser.chat_steps import enter, meeting, open_card, press, row, say, words
from tests.browser.conftest import Tab
from tests.browser.steps import end, go_live, wait_for_pictures
from tests.browser.test_people import sign_up
from tests.browser.test_states import SCREENS, looks_right
from tests.fixtures.platform import Platform, running_platform

pytestmark = pytest.mark.browser

NASTY = [
    "<script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 1'>",
    "<svg onload=window.hit=1>",
    "\"><iframe srcdoc='<script>parent.hit=1</script>'>",
    "javascript:window.hit=1 data:text/html,<script>window.hit=1</script>",
    'https://example.org/"onmouseover="window.hit=1',
    "https://good.example@evil.example/ [good](https://evil.example)",
    "${window.hit=1} {{constructor.constructor('window.hit=1')()}} <!-- ?lit$1$ -->",
    "\u202eevil\u202d \u2066left\u2069 \u200fright\u200e",
    "&lt;b&gt; &#60;i&#62; %3Cu%3E",
    "<a href=javascript:window.hit=1>x</a><style>*{display:none}</style>",
]
LOOK = """() => {
  const allowed = new Set('LI P BDI SPAN A B SMALL SVG PATH CIRCLE RECT LINE POLYLINE BUTTON DIV TIME EM IMG'.split(' '));
  const wrong = [];
  for (const element of document.querySelectorAll('.row, .row *')) {
    if (!allowed.has(element.tagName.toUpperCase())) wrong.push(element.tagName);
    for (const { name, value } of element.attributes) {
      if (name.startsWith('on') || name === 'style' && !value.startsWith('color:')) wrong.push(`${name}=${value}`);
      if (name === 'href' && !/^https?:/.test(value)) wrong.push(`${name}=${value}`);
      if (name === 'src' && !value.startsWith('/pictures/')) wrong.push(`${name}=${value}`);
    }
  }
  if (window.hit) wrong.push('a script ran');
  return wrong;
}"""


def test_what_one_says_everybody_sees_once(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner, first, second = meeting(tab, platform, "salon", "olive", "fred", "sara")
    say(first.page, "Good evening, all!")
    for one in (owner, first, second):
        expect(row(one.page, "Good evening, all!")).to_have_count(1)
    assert not first.violations()

    press(second.page, "Good evening, all!", "Reply")
    say(second.page, "@fred good evening to you")
    for one in (owner, first, second):
        expect(row(one.page, "good evening to you").locator(".quoted")).to_contain_text("Good evening, all!")
    expect(row(first.page, "good evening to you")).to_have_class("row text mentioned")

    press(owner.page, "Good evening, all!", "React")
    owner.page.locator(".picker").get_by_role("searchbox").fill("thumbsup")
    owner.page.locator(".picker").get_by_role("button", name="+1").click()
    for one in (owner, first, second):
        expect(row(one.page, "Good evening, all!").locator(".reactions button")).to_contain_text("1")
    row(first.page, "Good evening, all!").locator(".reactions button").click()
    expect(row(second.page, "Good evening, all!").locator(".reactions button")).to_contain_text("2")
    enter(first.page, platform, "salon")
    expect(row(first.page, "Good evening, all!").locator(".reactions button")).to_have_attribute("aria-pressed", "true")

    # The arrow up opens one's last message.
    first.page.get_by_label("Your message").press("ArrowUp")
    expect(first.page.get_by_text("Editing your message")).to_be_visible()
    say(first.page, "Good night, all!")
    for one in (owner, first, second):
        expect(row(one.page, "Good night, all!")).to_contain_text("edited")
        expect(row(one.page, "Good evening, all!")).to_have_count(0)

    press(first.page, "Good night, all!", "Delete")
    for one in (owner, first, second):
        expect(row(one.page, "Good night, all!")).to_have_count(0)


def test_nothing_is_lost_and_nothing_seen_twice_when_the_server_is_killed(tab: Callable[..., Tab]) -> None:
    with running_platform() as platform:
        owner, viewer = meeting(tab, platform, "salon", "olive", "fred")
        said = [f"line {number}." for number in range(12)]
        for text in said:
            say(viewer.page, text)
            if text == "line 3.":
                platform.kill("web")
            if text == "line 8.":
                # Killed again as soon as it is back.
                platform.instance.wait_for("started", role="web")
                expect(row(owner.page, text)).to_have_count(1, timeout=60_000)
                platform.kill("web")
        for one in (owner, viewer):
            expect(row(one.page, "line 11.")).to_have_count(1, timeout=60_000)
            assert words(one.page) == said
        expect(viewer.page.locator(".row.draft")).to_have_count(0)
        say(owner.page, "after")
        expect(row(viewer.page, "after")).to_have_count(1)
        for one in (owner, viewer):
            # The browser itself tells of connections that failed.
            one.faults.clear()


def test_what_is_written_without_a_connection_waits_for_one(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner, viewer = meeting(tab, platform, "tunnel", "tamar", "theo")
    lines: list[WebSocketRoute] = []
    cut = False

    def line(socket: WebSocketRoute) -> None:
        if cut:
            socket.close()
        else:
            socket.connect_to_server()
            lines.append(socket)

    viewer.page.route_web_socket("**/ws", line)
    enter(viewer.page, platform, "tunnel")
    say(owner.page, "before")
    expect(row(viewer.page, "before")).to_have_count(1)
    cut = True
    lines[-1].close()
    expect(viewer.page.locator("[data-strip=reconnecting]")).to_be_visible()
    for number in range(3):
        say(viewer.page, f"meanwhile {number}")
    expect(viewer.page.locator(".row.draft").first).to_contain_text("Waits for the connection")
    assert not viewer.violations()
    say(owner.page, "are you there?")
    expect(row(owner.page, "are you there?")).to_have_count(1)
    cut = False
    for one in (owner, viewer):
        expect(row(one.page, "meanwhile 2")).to_have_count(1, timeout=40_000)
        assert words(one.page) == ["before", "are you there?", "meanwhile 0", "meanwhile 1", "meanwhile 2"]
    expect(viewer.page.locator("[data-strip=reconnecting]")).to_have_count(0)


def test_no_text_becomes_anything_but_text(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner, viewer = meeting(tab, platform, "cave", "nora", "troll")
    for text in NASTY:
        say(owner.page, text)
    for one in (owner, viewer):
        expect(one.page.locator(".row:not(.draft)")).to_have_count(len(NASTY))
        one.page.locator(".row").last.hover()
        assert one.page.evaluate(LOOK) == []
        links = one.page.locator(".row a")
        for index in range(links.count()):
            assert links.nth(index).get_attribute("rel") == "noopener noreferrer nofollow ugc"
    assert words(viewer.page)[:3] == NASTY[:3]


def test_the_team_moderates_from_inside_the_chat(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner, viewer = meeting(tab, platform, "court", "judge", "rascal")
    say(viewer.page, "something rude")
    card = open_card(owner.page, "something rude")
    assert not owner.violations()
    card.get_by_label("Reason").fill("Be kind")
    card.get_by_role("button", name="Warn").click()
    expect(viewer.page.get_by_text("Be kind")).to_be_visible()
    assert not viewer.violations()
    viewer.page.get_by_role("button", name="I have read this").click()
    expect(viewer.page.get_by_label("Your message")).to_be_visible()

    card.get_by_role("button", name="10 min").click()
    expect(viewer.page.locator("[data-code=chat_muted]")).to_contain_text("10 min to go")
    card.get_by_role("button", name="Close").click()
    press(owner.page, "something rude", "Delete")
    expect(viewer.page.get_by_text("Removed by the team")).to_be_visible()
    expect(viewer.page.get_by_text("something rude")).to_have_count(0)


def test_who_is_not_signed_in_reads_along(platform: Platform, tab: Callable[..., Tab]) -> None:
    (owner,) = meeting(tab, platform, "porch", "paul")
    stranger = tab(width=400)
    enter(stranger.page, platform, "porch")
    expect(stranger.page.get_by_role("heading", name="Nobody has said anything yet")).to_be_visible()
    say(owner.page, "hello out there")
    expect(row(stranger.page, "hello out there")).to_be_visible()
    expect(stranger.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert not stranger.violations()


def test_somebody_reads_back_while_others_go_on(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner, viewer = meeting(tab, platform, "stream", "xena", "yann")
    for number in range(70):
        say(owner.page, f"line {number}.")
    expect(row(viewer.page, "line 69.")).to_be_visible(timeout=40_000)
    # Who comes later gets the newest, and the rest when they scroll there.
    enter(viewer.page, platform, "stream")
    expect(row(viewer.page, "line 69.")).to_be_visible()
    assert len(words(viewer.page)) == 50
    viewer.page.locator(".scroller").evaluate("(list) => { list.scrollTop = 0; }")
    expect(row(viewer.page, "line 0.")).to_have_count(1)
    viewer.page.locator(".scroller").evaluate("(list) => { list.scrollTop = 0; }")
    expect(viewer.page.get_by_text("This is where the chat begins.")).to_be_visible()
    assert words(viewer.page) == [f"line {number}." for number in range(70)]
    say(owner.page, "and one more")
    newest = viewer.page.get_by_role("button", name="1 new message, go there")
    expect(newest).to_be_visible()
    expect(row(viewer.page, "line 0.")).to_be_in_viewport()
    newest.click()
    expect(row(viewer.page, "and one more")).to_be_in_viewport()


def test_commands_and_names_are_completed(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner, viewer = meeting(tab, platform, "study", "wilma", "victor")
    say(viewer.page, "present")
    expect(row(owner.page, "present")).to_be_visible()
    field = owner.page.get_by_label("Your message")
    field.press_sequentially("@vi")
    expect(owner.page.get_by_role("option", name="@victor")).to_be_visible()
    assert not owner.violations()
    field.press("Tab")
    expect(field).to_have_value("@victor ")
    field.fill("")
    field.press_sequentially("/slo")
    owner.page.get_by_role("option", name="/slow").click()
    field.press_sequentially("10")
    field.press("Enter")
    expect(viewer.page.locator(".modes")).to_have_text("Slow mode 10 sec")


def test_messages_wait_for_the_picture_they_are_about(platform: Platform, tab: Callable[..., Tab]) -> None:
    studio, talker, viewer = tab(), tab(width=400), tab()
    go_live(studio, platform)
    sign_up(talker, platform, "tessa")
    enter(talker.page, platform, platform.channel)
    viewer.page.goto(platform.watch)
    wait_for_pictures(viewer.page, seconds=2)
    viewer.page.get_by_label("Chat settings").click()
    viewer.page.get_by_label("Messages as I see the picture").check()
    viewer.page.get_by_label("Show times").check()
    viewer.page.keyboard.press("Escape")
    viewer.page.evaluate("""() => {
      window.appeared = new Promise((done) => {
        const look = () => {
          const when = document.querySelector('.row time');
          if (when) done({ at: Date.parse(when.dateTime), seen: document.querySelector('fl-player').seen });
          else requestAnimationFrame(look);
        };
        look();
      });
    }""")
    say(talker.page, "what a catch!")
    found: dict[str, Any] = viewer.page.evaluate("window.appeared")
    assert found["seen"] >= found["at"] - 100, "the picture is from before the message"
    end(studio)


@pytest.mark.parametrize("screen", SCREENS)
def test_the_chat_beside_the_picture_fits_every_screen(platform: Platform, tab: Callable[..., Tab], screen: dict[str, Any]) -> None:
    viewer = tab(**screen)
    viewer.page.goto(platform.watch)
    expect(viewer.page.locator(".chat")).to_have_attribute("data-state", "joined")
    looks_right(viewer)
    viewer.page.get_by_label("Chat settings").click()
    looks_right(viewer)
    if screen["width"] > 1000:
        viewer.page.keyboard.press("Escape")
        viewer.page.get_by_role("button", name="Hide chat").click()
        expect(viewer.page.locator(".chat")).to_have_count(0)
        viewer.page.get_by_role("button", name="Show chat").first.click()
        expect(viewer.page.locator(".chat")).to_be_visible()
