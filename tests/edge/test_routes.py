from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.model.errors import BadInput, ErrorCode, NotFound
from storage.model.ids import BroadcastId, ChannelName
from storage.model.rendition import RenditionName
from transcoder.hls.playlist import Skip
from web.edge.routes import (
    InitRequest,
    MediaRequest,
    MultivariantRequest,
    OperationsRequest,
    PartRequest,
    PosterRequest,
    Request,
    SegmentRequest,
    parse,
)

CHANNEL = ChannelName("demo")
BROADCAST = BroadcastId("0123456789abcdef")
VIDEO, AUDIO = RenditionName.VIDEO, RenditionName.AUDIO
VIDEO_MEDIA = "/hls/demo/video/media.m3u8"

ADDRESSES: dict[str, Request] = {
    "/hls/demo/index.m3u8": MultivariantRequest(CHANNEL),
    "/hls/demo/poster.jpg": PosterRequest(CHANNEL),
    "/hls/demo/video/media.m3u8": MediaRequest(CHANNEL, VIDEO),
    "/hls/demo/audio/media.m3u8": MediaRequest(CHANNEL, AUDIO),
    f"/hls/demo/video/{BROADCAST}/init-0.mp4": InitRequest(CHANNEL, VIDEO, BROADCAST, 0),
    f"/hls/demo/audio/{BROADCAST}/17.m4s": SegmentRequest(CHANNEL, AUDIO, BROADCAST, 17),
    f"/hls/demo/video/{BROADCAST}/17.3.m4s": PartRequest(CHANNEL, VIDEO, BROADCAST, 17, 3),
    "/healthz": OperationsRequest.HEALTH,
    "/readyz": OperationsRequest.READY,
    "/metrics": OperationsRequest.METRICS,
}


@pytest.mark.parametrize("path", ADDRESSES)
def test_an_address_says_what_is_asked_for(path: str) -> None:
    assert parse(path, "") == ADDRESSES[path]


DIRECTIVES: dict[str, tuple[int | None, int | None, Skip]] = {
    "_HLS_msn=5": (5, None, Skip.NO),
    "_HLS_msn=5&_HLS_part=2": (5, 2, Skip.NO),
    "_HLS_part=2&_HLS_msn=5": (5, 2, Skip.NO),
    "_HLS_skip=YES": (None, None, Skip.SEGMENTS),
    "_HLS_skip=v2&_HLS_msn=007": (7, None, Skip.DATE_RANGES),
    "_HLS_skip=yes": (None, None, Skip.NO),
    "x=1&_HLS_msn=5&y": (5, None, Skip.NO),
    "_HLS_msn=5&_HLS_msn=5": (5, None, Skip.NO),
    "_HLS_msn=99999999999999999999999": (2**63 - 1, None, Skip.NO),
}


@pytest.mark.parametrize("query", DIRECTIVES)
def test_delivery_directives_are_read(query: str) -> None:
    assert parse(VIDEO_MEDIA, query) == MediaRequest(CHANNEL, VIDEO, *DIRECTIVES[query])


@pytest.mark.parametrize(
    "query",
    [
        "_HLS_part=2",
        "_HLS_msn=",
        "_HLS_msn=-1",
        "_HLS_msn=+1",
        "_HLS_msn=1.0",
        "_HLS_msn=1e3",
        "_HLS_msn=0x1",
        "_HLS_msn=%20",
        "_HLS_msn=\u0663",
        "_HLS_msn=1&_HLS_part=-1",
        "_HLS_msn=1&_HLS_msn=2",
        "_HLS_msn=" + "9" * 31,
        "x" * 2001,
    ],
)
def test_directives_that_make_no_sense_are_refused(query: str) -> None:
    with pytest.raises(BadInput) as refusal:
        parse(VIDEO_MEDIA, query)
    assert refusal.value.code is ErrorCode.BAD_REQUEST


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/hls",
        "/hls/demo",
        "/hls/demo/",
        "/hls/demo/index.m3u8/",
        "/hls/Demo/index.m3u8",
        "/hls/../index.m3u8",
        "/hls/de%6do/index.m3u8",
        "/hls/demo/video/../audio/media.m3u8",
        "/hls/demo/text/media.m3u8",
        "/hls/demo/video/media.m3u8\n",
        f"/hls/demo/video/{BROADCAST}/init-0.m4s",
        f"/hls/demo/video/{BROADCAST}/-1.m4s",
        f"/hls/demo/video/{BROADCAST}/1.2.3.m4s",
        f"/hls/demo/video/{BROADCAST}/\u0661.m4s",
        f"/hls/demo/video/{BROADCAST}/../{BROADCAST}/1.m4s",
        "/hls/demo/video/0123456789ABCDEF/1.m4s",
        "/hls/demo/video/0123/1.m4s",
        "/hls/" + "d" * 300 + "/index.m3u8",
    ],
)
def test_any_other_address_is_nothing(path: str) -> None:
    with pytest.raises(NotFound):
        parse(path, "")


@settings(deadline=None)
@given(
    path=st.one_of(st.text(), st.from_regex(r"/hls/[a-z]{1,9}/(video|audio)/.{0,40}", fullmatch=True), st.just(VIDEO_MEDIA)),
    query=st.one_of(st.text(), st.from_regex(r"_HLS_(msn|part|skip)=.{0,30}(&_HLS_(msn|part|skip)=.{0,9})?", fullmatch=True)),
)
def test_whatever_is_asked_there_is_an_answer_or_a_refusal(path: str, query: str) -> None:
    with suppress(NotFound, BadInput):
        parse(path, query)
