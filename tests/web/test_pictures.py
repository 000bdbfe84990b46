"""What people may upload as a picture, and that nothing of it but the picture gets out again."""

import asyncio
import io
import struct
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from storage.model.errors import BadInput, ErrorCode, NotFound, Unavailable
from storage.objects.files import FileStore
from tests.web.conftest import Site
from web.pictures import AVATAR, BANNER, LARGEST_UPLOAD, WAITING, Pictures, path

SCRIPT = b"<script>alert(document.cookie)</script>"


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    return Pictures(FileStore(tmp_path / "objects"))


def _encoded(form: str, size: tuple[int, int] = (640, 480), colour: str = "red", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form, **options)
    return out.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, *chunks: bytes) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + _chunk(b"IEND", b"")


async def _kept(pictures: Pictures, data: bytes, content_type: str, shape: object = AVATAR) -> Image.Image:
    assert isinstance(shape, type(AVATAR))
    made = await pictures.read(await pictures.keep(data, content_type, shape))
    assert SCRIPT not in made
    image = Image.open(io.BytesIO(made))
    assert image.format == "WEBP"
    image.load()
    return image


@pytest.mark.parametrize(
    ("form", "content_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg; x=y"), ("WEBP", "IMAGE/WEBP"), ("GIF", "image/gif")]
)
async def test_every_kind_becomes_a_square_webp(pictures: Pictures, form: str, content_type: str) -> None:
    image = await _kept(pictures, _encoded(form), content_type)
    assert image.size == (256, 256)
    pixel = image.convert("RGB").getpixel((128, 128))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 200
    assert pixel[1] < 60


async def test_a_small_picture_is_not_enlarged_and_a_wide_shape_is_cut(pictures: Pictures) -> None:
    assert (await _kept(pictures, _encoded("PNG", (100, 60)), "image/png")).size == (60, 60)
    assert (await _kept(pictures, _encoded("PNG", (3200, 3000)), "image/png", BANNER)).size == (1600, 400)
    assert (await _kept(pictures, _encoded("PNG", (800, 800)), "image/png", BANNER)).size == (800, 200)


async def test_transparency_stays_and_metadata_go(pictures: Pictures) -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = SCRIPT.decode()
    Image.new("RGBA", (300, 300), (0, 0, 255, 0)).save(out, "PNG", exif=exif)
    image = await _kept(pictures, out.getvalue(), "image/png")
    assert image.mode == "RGBA"
    assert not image.getexif()
    assert set(image.info) <= {"background", "loop", "timestamp", "duration"}


async def test_a_photograph_stands_upright(pictures: Pictures) -> None:
    photo = Image.new("RGB", (400, 400), "red")
    photo.paste("blue", (0, 200, 400, 400))
    exif = Image.Exif()
    exif[0x0112] = 3  # turned by 180 degrees
    out = io.BytesIO()
    photo.save(out, "JPEG", exif=exif)
    pixel = (await _kept(pictures, out.getvalue(), "image/jpeg")).convert("RGB").getpixel((128, 20))
    assert isinstance(pixel, tuple)
    assert pixel[2] > 200


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_what_is_glued_to_a_picture_is_left_behind(pictures: Pictures, form: str) -> None:
    await _kept(pictures, _encoded(form) + b"PK\x03\x04" + SCRIPT * 100, f"image/{form.lower()}")


async def test_a_film_of_ten_thousand_pictures_is_its_first_one(pictures: Pictures) -> None:
    frame = _encoded("GIF", (16, 16))
    body = frame[:-1]
    image_data = body[body.index(b",") :]
    started = time.monotonic()
    image = await _kept(pictures, body + image_data * 10_000 + b";", "image/gif")
    assert image.size == (16, 16)
    assert time.monotonic() - started < 15


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>", "image/svg+xml"),
        (b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>", "image/png"),
        (_encoded("PNG"), "image/jpeg"),
        (_encoded("BMP"), "image/png"),
        (_encoded("TIFF"), "image/tiff"),
        (_encoded("PNG"), ""),
        (_encoded("PNG"), "text/html"),
        (b"", "image/png"),
        (SCRIPT, "image/gif"),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/\n", "image/gif"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "image/jpeg"),
    ],
)
async def test_what_is_no_picture_or_another_than_it_says_is_refused(pictures: Pictures, data: bytes, content_type: str) -> None:
    with pytest.raises(BadInput) as raised:
        await pictures.keep(data, content_type, AVATAR)
    assert raised.value.code == ErrorCode.UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        pytest.param(_png(50_000, 50_000, _chunk(b"IDAT", zlib.compress(b"\x00" * 1000))), "image/png", id="huge"),
        pytest.param(_png(9_999, 2_600, _chunk(b"IDAT", zlib.compress(b"\x00" * 1000))), "image/png", id="many pixels"),
        pytest.param(_png(12_000, 20, _chunk(b"IDAT", zlib.compress(b"\x00" * 1000))), "image/png", id="long"),
        pytest.param(_png(100, 100, _chunk(b"IDAT", zlib.compress(b"\x00" * 1000))), "image/png", id="too little data"),
        pytest.param(_png(100, 100, _chunk(b"iCCP", b"x\x00\x00" + zlib.compress(bytes(50_000_000)))), "image/png", id="profile bomb"),
        pytest.param(_png(100, 100, _chunk(b"zTXt", b"x\x00\x00" + zlib.compress(bytes(50_000_000)))), "image/png", id="text bomb"),
        pytest.param(_encoded("PNG", (8, 8)), "image/png", id="tiny"),
        pytest.param(_encoded("JPEG")[:-400], "image/jpeg", id="cut jpeg"),
        pytest.param(_encoded("WEBP")[:60], "image/webp", id="cut webp"),
    ],
)
async def test_bombs_and_ruins_are_refused(pictures: Pictures, data: bytes, content_type: str) -> None:
    assert len(data) < LARGEST_UPLOAD
    with pytest.raises(BadInput) as raised:
        await pictures.keep(data, content_type, AVATAR)
    assert raised.value.code in {ErrorCode.PICTURE_UNFIT, ErrorCode.UNSUPPORTED_MEDIA_TYPE}


async def test_more_uploads_than_can_be_read_soon_are_told_to_come_back(pictures: Pictures) -> None:
    data = _encoded("PNG", (64, 64))
    answers = await asyncio.gather(*(pictures.keep(data, "image/png", AVATAR) for _ in range(WAITING + 10)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Unavailable)]
    assert len(refused) == 8
    assert {answer.code for answer in refused} == {ErrorCode.SERVER_BUSY}
    assert all(isinstance(answer, str) for answer in answers if answer not in refused)


async def test_a_picture_that_is_forgotten_is_gone(pictures: Pictures) -> None:
    name = await pictures.keep(_encoded("PNG"), "image/png", AVATAR)
    await pictures.forget(name)
    await pictures.forget(name)
    await pictures.forget(None)
    with pytest.raises(NotFound):
        await pictures.read(name)


async def test_a_picture_is_served_for_ever_and_can_do_nothing(site: Site) -> None:
    name = await Pictures(site.storage.objects).keep(_encoded("PNG"), "image/png", AVATAR)
    response = await site.client.get(path(name) or "")
    assert response.status_code == 200
    assert response.content_type == "image/webp"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    again = await site.client.get(path(name) or "", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, await again.get_data()) == (304, b"")


@pytest.mark.parametrize("name", ["x", "..%2f..%2ffanlight.db", "0" * 32 + ".webp", "0" * 32 + ".svg", "%00"])
async def test_nothing_but_pictures_is_served_there(site: Site, name: str) -> None:
    assert (await site.client.get(f"/pictures/{name}")).status_code == 404
