import contextlib
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.answer import LocalEnd, accept, local_role, write_answer, write_restart
from ingest.ice import IceCredentials
from ingest.sdp import LONGEST, parse_offer
from ingest.track import NegotiatedTrack
from storage.model.errors import BadInput, ErrorCode
from storage.model.media import Codec, TrackKind
from tests.ingest.mutations import mutated
from tests.ingest.offers import OFFERS

LOCAL = LocalEnd(
    credentials=IceCredentials("ours", "o" * 24),
    fingerprint="AA:BB",
    addresses=("192.0.2.7", "2001:db8::7"),
    port=8002,
    origin=42,
)
SMALL = OFFERS["ffmpeg9"]


def answer(text: str) -> str:
    offer = parse_offer(text)
    return write_answer(offer, accept(offer), LOCAL)


def tracks(text: str) -> dict[TrackKind, NegotiatedTrack]:
    return {one.kind: one.track() for one in accept(parse_offer(text))}


def code_of(text: str) -> ErrorCode:
    with pytest.raises(BadInput) as refused:
        answer(text)
    return refused.value.code


@pytest.mark.parametrize(
    ("client", "codecs", "role"),
    [
        ("ffmpeg9", {Codec.OPUS: 111, Codec.H264: 106}, "active"),
        ("ffmpeg9-video", {Codec.H264: 106}, "passive"),
        ("libdatachannel", {Codec.OPUS: 111, Codec.H264: 96}, "passive"),
        ("gstreamer", {Codec.OPUS: 97, Codec.H264: 96}, "passive"),
        ("chromium", {Codec.OPUS: 111, Codec.H264: 102}, "passive"),
        ("firefox", {Codec.OPUS: 109, Codec.VP8: 120}, "passive"),
        ("aiortc", {Codec.OPUS: 96, Codec.H264: 99}, "passive"),
    ],
)
def test_every_client_gets_the_codecs_the_packager_wants(client: str, codecs: dict[Codec, int], role: str) -> None:
    offer = parse_offer(OFFERS[client])
    found = {one.codec: one.chosen.payload_type for one in accept(offer)}
    assert found == codecs
    assert local_role(offer) == role


@pytest.mark.parametrize("client", OFFERS)
def test_an_answer_mirrors_the_offer_section_by_section(client: str) -> None:
    offer = OFFERS[client]
    text = answer(offer)
    assert re.findall(r"a=mid:(\S+)", text) == re.findall(r"a=mid:(\S+)", offer)
    assert re.findall(r"^m=(\w+)", text, re.MULTILINE) == re.findall(r"^m=(\w+)", offer, re.MULTILINE)
    assert text.splitlines()[0] == "v=0"
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    sections = text.split("\r\nm=")[1:]
    for section in sections:
        for line in ("a=recvonly", "a=rtcp-mux", "a=rtcp-mux-only", "a=ice-ufrag:ours", "a=fingerprint:sha-256 AA:BB"):
            assert line in section.split("\r\n")
        assert not re.search(r"goog-remb|abs-send-time|a=ssrc|msid|a=rid|simulcast|red/|ulpfec", section)
    assert "a=ice-lite" in text.split("\r\nm=", maxsplit=1)[0]
    for section in sections:
        lines = section.split("\r\n")
        assert [line.split()[4] for line in lines if line.startswith("a=candidate")] == ["192.0.2.7", "2001:db8::7"]
        assert lines.count("a=end-of-candidates") == 1
    assert all(not section.startswith(("audio 0 ", "video 0 ")) for section in sections)


def test_feedback_and_extensions_are_answered_only_where_offered() -> None:
    assert re.findall("a=rtcp-fb.*", answer(OFFERS["ffmpeg9"])) == ["a=rtcp-fb:106 nack\r"]
    assert "a=extmap" not in answer(OFFERS["ffmpeg9"])
    chromium = answer(OFFERS["chromium"])
    assert "a=rtcp-fb:102 transport-cc" in chromium
    assert "a=rtcp-fb:111 transport-cc" in chromium
    assert "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01" in chromium
    # GStreamer names the feedback but not the extension it lives on.
    assert "transport-cc" not in answer(OFFERS["gstreamer"])


def test_a_track_knows_its_sources_even_when_only_the_group_names_them() -> None:
    video = tracks(OFFERS["ffmpeg9"])[TrackKind.VIDEO]
    group = re.search(r"FID (\d+) (\d+)", OFFERS["ffmpeg9"])
    assert group is not None
    assert (video.ssrc, video.rtx_ssrc) == (int(group[1]), int(group[2]))
    assert dict(video.payload_types) == {106: "media", 105: "rtx"}
    assert dict(video.apt) == {105: 106}
    assert (video.nack, video.pli, video.fir, video.transport_cc) == (True, False, False, False)
    chromium = tracks(OFFERS["chromium"])
    assert chromium[TrackKind.VIDEO].transport_cc
    assert (chromium[TrackKind.AUDIO].twcc_extension, chromium[TrackKind.AUDIO].mid_extension) == (3, 4)
    assert chromium[TrackKind.AUDIO].channels == 2


@pytest.mark.parametrize("label", ["42c01f", "4d401f", "64001f", "640c1f", "f4001f", ""])
def test_every_h264_label_is_taken_since_only_the_stream_tells_the_truth(label: str) -> None:
    text = SMALL.replace("64001e", label) if label else re.sub(";profile-level-id=64001e", "", SMALL)
    assert tracks(text)[TrackKind.VIDEO].codec is Codec.H264


def test_the_level_is_raised_where_both_sides_may_differ_and_echoed_where_not() -> None:
    assert "profile-level-id=420034" in answer(OFFERS["chromium"])
    symmetric = SMALL.replace("level-asymmetry-allowed=1;", "")
    assert "profile-level-id=64001e" in answer(symmetric)


def test_packetization_mode_1_is_preferred_whatever_the_order() -> None:
    offer = re.sub(r"a=fmtp:102 (.*)mode=1", r"a=fmtp:102 \1mode=0", OFFERS["chromium"])
    assert 108 in tracks(offer)[TrackKind.VIDEO].payload_types


def test_session_level_attributes_count_where_a_section_has_none() -> None:
    lines = [line for line in SMALL.split("\r\n") if not line.startswith(("a=fingerprint", "a=ice-", "a=setup"))]
    moved = [line for line in SMALL.split("\r\n") if line.startswith(("a=fingerprint", "a=ice-", "a=setup"))][:4]
    text = "\r\n".join([*lines[:4], *moved, *lines[4:]])
    assert answer(text) == answer(SMALL)


def test_line_ends_may_be_lf_alone() -> None:
    assert answer(SMALL.replace("\r\n", "\n")) == answer(SMALL)


def section(kind: str) -> str:
    return "m=" + next(part for part in SMALL.split("\r\nm=") if part.startswith(kind))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda _: "", ErrorCode.BAD_SDP),
        (lambda _: "a" * 2000, ErrorCode.BAD_SDP),
        (lambda s: s + "a=" + "x" * LONGEST, ErrorCode.BAD_SDP),
        (lambda s: s.split("m=", maxsplit=1)[0], ErrorCode.BAD_SDP),
        (lambda s: re.sub("a=fingerprint.*\r\n", "", s), ErrorCode.BAD_SDP),
        (lambda s: s.replace("sha-256", "sha-1"), ErrorCode.BAD_SDP),
        (lambda s: s.replace("sha-256", "md5"), ErrorCode.BAD_SDP),
        (lambda s: re.sub("a=ice-ufrag.*\r\n", "", s), ErrorCode.BAD_SDP),
        (lambda s: re.sub("a=ice-pwd.*", "a=ice-pwd:short", s), ErrorCode.BAD_SDP),
        (lambda s: s.replace("a=setup:passive", "a=setup:holdconn"), ErrorCode.BAD_SDP),
        (lambda s: s.replace("a=sendonly", "a=recvonly"), ErrorCode.BAD_SDP),
        (lambda s: s.replace("a=sendonly", "a=inactive"), ErrorCode.BAD_SDP),
        (lambda s: s.replace("a=rtcp-mux\r\n", ""), ErrorCode.BAD_SDP),
        (lambda s: s.replace("a=mid:1", "a=mid:0"), ErrorCode.BAD_SDP),
        (lambda s: s.replace("a=mid:1", "a=mid:x y"), ErrorCode.BAD_SDP),
        (lambda s: s.replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 0"), ErrorCode.BAD_SDP),
        (lambda s: s.replace("a=msid-semantic: WMS", "a=ice-lite"), ErrorCode.BAD_SDP),
        (lambda s: s.replace("m=video 9 ", "m=video 0 "), ErrorCode.BAD_SDP),
        (lambda s: s.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), ErrorCode.BAD_SDP),
        (lambda s: s + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n", ErrorCode.BAD_SDP),
        (lambda s: s + section("video").replace("a=mid:1", "a=mid:2"), ErrorCode.BAD_SDP),
        (lambda s: s + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" * 200, ErrorCode.BAD_SDP),
        (lambda s: s.replace(" 111", " 111 111"), ErrorCode.BAD_SDP),
        (lambda s: s.replace(" 111", " 300"), ErrorCode.BAD_SDP),
        (lambda s: s.replace("a=ssrc:", "a=ssrc:x"), ErrorCode.BAD_SDP),
        (lambda s: s.replace("o=FFmpeg", "o=\0"), ErrorCode.BAD_SDP),
        (lambda s: s.replace("a=ice-ufrag:", "a=ice-ufrag:z", 1), ErrorCode.BAD_SDP),
        (lambda s: s.replace("H264/90000", "AV1/90000"), ErrorCode.UNSUPPORTED_CODEC),
        (lambda s: s.replace("H264/90000", "H265/90000"), ErrorCode.UNSUPPORTED_CODEC),
        (lambda s: s.replace("opus/48000/2", "PCMU/8000"), ErrorCode.UNSUPPORTED_CODEC),
        (lambda s: s.replace("opus/48000/2", "opus/44100/2"), ErrorCode.UNSUPPORTED_CODEC),
    ],
)  # fmt: skip
def test_what_can_not_be_served_as_a_whole_is_refused(change: object, code: ErrorCode) -> None:
    assert callable(change)
    assert code_of(change(SMALL)) is code


def test_a_refused_codec_is_named_to_the_publisher() -> None:
    with pytest.raises(BadInput, match=r"The video must be H\.264 or VP8; the offer has hevc, rtx"):
        answer(SMALL.replace("H264/90000", "HEVC/90000"))


def test_candidates_are_not_even_looked_at() -> None:
    many = "".join(f"a=candidate:{n} 1 udp {n} 169.254.169.254 53 typ host\r\n" for n in range(300))
    assert answer(SMALL + many) == answer(SMALL)


def test_four_hundred_mutated_offers_raise_nothing_but_refusals() -> None:
    chance = random.Random(9725)
    refused = []
    for number in range(400):
        text = mutated(OFFERS[sorted(OFFERS)[number % len(OFFERS)]], chance)
        try:
            answer(text)
        except BadInput as error:
            refused.append(error.detail)
    assert len(refused) > 100
    assert all(detail.isprintable() for detail in refused)


@given(st.text(max_size=400))
def test_no_text_raises_anything_but_a_refusal(text: str) -> None:
    assert code_of(text) in {ErrorCode.BAD_SDP, ErrorCode.UNSUPPORTED_CODEC}


@given(st.data())
def test_no_line_of_an_offer_can_break_the_reader(data: st.DataObject) -> None:
    lines = SMALL.split("\r\n")
    place = data.draw(st.integers(0, len(lines) - 1))
    name = lines[place].split(":")[0]
    lines[place] = name + data.draw(st.sampled_from([":", " ", "="])) + data.draw(st.text(max_size=60))
    with contextlib.suppress(BadInput):
        answer("\r\n".join(lines))


def test_a_restart_fragment_has_credentials_and_candidates() -> None:
    text = write_restart(LOCAL, "0")
    assert "a=ice-ufrag:ours\r\n" in text
    assert "a=ice-pwd:" in text
    assert "a=mid:0\r\n" in text
    assert text.count("a=candidate") == 2
