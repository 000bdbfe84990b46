"""The pictures of a channel: set, seen by viewers, replaced and taken away."""

import io
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Tab
from tests.browser.test_people import create_channel, sign_up
from tests.browser.test_states import looks_right
from tests.fixtures.platform import Platform

pytestmark = pytest.mark.browser


def picture(width: int, height: int, colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "PNG")
    return out.getvalue()


def natural(image: Locator) -> list[int]:
    expect(image).to_be_visible()
    size: list[int] = image.evaluate("image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])")
    return size


def test_an_owner_sets_pictures_and_viewers_see_them(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner = tab()
    sign_up(owner, platform, "ilse")
    create_channel(owner.page, platform, "darkroom", "Darkroom evenings")
    owner.page.get_by_role("link", name="Pictures").click()
    page = owner.page
    for kind in ("picture", "banner", "offline-picture"):
        expect(page.locator(f"[data-kind={kind}]")).to_contain_text("None yet")
    looks_right(owner)

    sizes = {"Channel picture": (300, 500, "#b4552d"), "Banner": (1600, 400, "#2d5ab4"), "Offline picture": (1920, 1080, "#2db45a")}
    for title, (width, height, colour) in sizes.items():
        chooser = page.get_by_label(f"{title}: Choose a picture")
        chooser.set_input_files({"name": "one.png", "mimeType": "image/png", "buffer": picture(width, height, colour)})
        expect(page.get_by_label(f"{title}: Replace")).to_be_attached()
        expect(page.get_by_text("The picture is set.")).to_be_visible()
    assert natural(page.locator("[data-kind=picture] img")) == [256, 256]
    assert natural(page.locator("[data-kind=banner] img")) == [1600, 400]
    looks_right(owner)

    viewer = tab(width=390, height=844)
    viewer.page.goto(f"{platform.origin}/watch/darkroom")
    assert natural(viewer.page.locator(".cover .off-air")) == [1280, 720]
    expect(viewer.page.get_by_role("heading", name="darkroom is offline")).to_be_visible()
    assert natural(viewer.page.locator(".facts .banner")) == [1600, 400]
    assert natural(viewer.page.locator(".facts .face img")) == [256, 256]
    looks_right(viewer)
    assert not viewer.violations()
    viewer.page.goto(f"{platform.origin}/embed/darkroom")
    assert natural(viewer.page.locator(".cover .off-air")) == [1280, 720]

    before = page.locator("[data-kind=banner] img").get_attribute("src")
    page.get_by_label("Banner: Replace").set_input_files(
        {"name": "two.png", "mimeType": "image/png", "buffer": picture(800, 800, "#b42d8f")}
    )
    expect(page.locator("[data-kind=banner] img")).not_to_have_attribute("src", str(before))
    page.locator("[data-kind=offline-picture]").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("[data-kind=offline-picture]")).to_contain_text("None yet")
    viewer.page.reload()
    expect(viewer.page.get_by_role("heading", name="darkroom is offline")).to_be_visible()
    expect(viewer.page.locator(".cover .off-air")).to_have_count(0)
    assert not owner.violations()


def test_what_is_no_picture_is_refused_in_words(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner = tab()
    sign_up(owner, platform, "oskar")
    create_channel(owner.page, platform, "lens", "Lens")
    owner.page.goto(f"{platform.origin}/dashboard/lens#pictures")
    chooser = owner.page.get_by_label("Channel picture: Choose a picture")
    for name, kind, data, said in (
        ("notes.txt", "text/plain", b"words", "That is no PNG"),
        ("large.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(2 * 1024 * 1024), "more than 2 MiB"),
        ("false.png", "image/png", b"GIF89a" + bytes(64), "picture"),
    ):
        chooser.set_input_files({"name": name, "mimeType": kind, "buffer": data})
        expect(owner.page.get_by_role("alert")).to_contain_text(said)
    expect(owner.page.locator("[data-kind=picture]")).to_contain_text("None yet")
    chooser.set_input_files({"name": "good.png", "mimeType": "image/png", "buffer": picture(256, 256, "#b4552d")})
    expect(owner.page.get_by_text("The picture is set.")).to_be_visible()
