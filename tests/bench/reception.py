"""What reception costs: microseconds a packet, for 2.5 Mbit/s 720p30 H.264 with 48 kHz Opus. Run: python -m tests.bench.reception"""

import random
import statistics
import time

from ingest.receiver import Reception
from storage.model.media import AccessUnit, Codec
from tests.ingest.packets import SECOND, START_NS, Frame, Publisher, annex_b, audio_track, opus_frames, video_track

SECONDS = 20
RUNS = 5


def stream() -> tuple[list[tuple[int, bytes]], Publisher]:
    """Packets with their arrival times: 30 frames a second of about 9 kB, a keyframe of 45 kB every two seconds, Opus every 20 ms."""
    chance = random.Random(1)
    video, audio = Publisher(twcc=True), Publisher(Codec.OPUS)
    timed: list[tuple[int, bytes]] = []
    for index in range(30 * SECONDS):
        keyframe = index % 60 == 0
        nals = (
            [b"\x67\x42\xc0\x1f\xd9\x00\x50\x05\xba", b"\x68\xce\x3c\x80", b"\x65" + chance.randbytes(45_000)]
            if keyframe
            else [b"\x41" + chance.randbytes(chance.randrange(8_000, 11_000))]
        )
        frame = Frame(index * 3000, keyframe, annex_b([nal.replace(b"\x00\x00", b"\x01\x01") for nal in nals]))
        at = index * SECOND // 30
        timed += [(at + number * 200_000, packet) for number, packet in enumerate(video.packets(frame))]
    for index, frame in enumerate(opus_frames(50 * SECONDS)):
        timed += [(index * SECOND // 50, packet) for packet in audio.packets(frame)]
    timed.sort(key=lambda pair: pair[0])
    return timed, video


def run(timed: list[tuple[int, bytes]], video: Publisher, loss: float) -> tuple[float, int, int]:
    """Microseconds a packet, units delivered, units a loss-free run delivers."""
    chance = random.Random(2)
    units: list[AccessUnit] = []
    reception = Reception([video_track(), audio_track()], ssrc=1, deliver=units.append)
    plan = [(at, packet, chance.random() >= loss or packet[1] & 0x7F == 111) for at, packet in timed]
    repairs: list[tuple[int, bytes]] = []
    next_poll = START_NS
    cost = 0
    clock = time.process_time_ns
    for at, packet, arrives in plan:
        now = START_NS + at
        while repairs and repairs[0][0] <= now:
            due, repair = repairs.pop(0)
            began = clock()
            reception.rtp(repair, due)
            cost += clock() - began
        if arrives:
            began = clock()
            reception.rtp(packet, now)
            cost += clock() - began
        if now >= next_poll:
            next_poll = now + 20_000_000
            began = clock()
            feedback = reception.poll(now)
            cost += clock() - began
            for datagram in feedback:
                if loss and datagram[1] == 205 and datagram[0] & 31 == 1:
                    from ingest.rtcp import parse

                    repairs += [(now + 40_000_000, video.repair(number)) for _, number in parse(datagram).nacked if chance.random() >= loss]
    return cost / len(timed) / 1000, len(units), 80 * SECONDS


def main() -> None:
    timed, video = stream()
    per_second = len(timed) / SECONDS
    for name, loss in (("in order", 0.0), ("3 % loss, RTX", 0.03)):
        results = [run(timed, video, loss) for _ in range(RUNS)]
        cost = statistics.median(result[0] for result in results)
        print(
            f"reception, {name}: {cost:.2f} us a packet with polls = {cost * per_second / 1e4:.2f} % of a core at {per_second:.0f}/s,"
            f" {results[0][1] / SECONDS:.1f} of {results[0][2] / SECONDS:.1f} units/s"
        )


if __name__ == "__main__":
    main()
