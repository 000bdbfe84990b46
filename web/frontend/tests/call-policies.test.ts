import { describe, expect, it } from 'vitest';
import { gridOf, spotlightOf, TILE_RATIO, wantedHeight } from '../src/calls/layout';
import { measure, own, Steady, Summary, type Look } from '../src/calls/quality';
import { MOST_UP, sendingSizes, SOUND, type Sending, type Wish } from '../src/calls/sizes';
import { offered } from '../src/calls/codecs';
import { sparing } from '../src/calls/sparing';
import { Speakers } from '../src/calls/speaker';
import { toldOf } from '../src/calls/told';
import { Uplink, type Reading } from '../src/calls/uplink';

describe('the grid', () => {
  it.each([
    [1, 1600, 900, 1, 1],
    [2, 1600, 700, 2, 1],
    [3, 1600, 900, 2, 2],
    [4, 1600, 900, 2, 2],
    [6, 1600, 900, 3, 2],
    [8, 1600, 900, 3, 3],
    [2, 360, 640, 1, 2],
    [8, 360, 640, 2, 4],
  ])('of %i tiles in %i by %i is %i by %i', (count, width, height, columns, rows) => {
    expect(gridOf(count, { width, height }, 8)).toMatchObject({ columns, rows });
  });

  it('never leaves its space, has a place for everybody, and keeps tiles in shape', () => {
    for (let count = 1; count <= 9; count += 1)
      for (const width of [200, 360, 768, 1440, 2560])
        for (const height of [120, 400, 900, 1600]) {
          const grid = gridOf(count, { width, height }, 8);
          expect(grid.columns * grid.rows).toBeGreaterThanOrEqual(count);
          expect(grid.columns * grid.width + 8 * (grid.columns - 1)).toBeLessThanOrEqual(width);
          expect(grid.rows * grid.height + 8 * (grid.rows - 1)).toBeLessThanOrEqual(height);
          expect(grid.width / grid.height).toBeLessThanOrEqual(TILE_RATIO * 1.05);
          expect(grid.width / grid.height).toBeGreaterThan(0.7);
        }
  });

  it('has no place at all without space', () => {
    expect(gridOf(4, { width: 0, height: 0 }, 8)).toMatchObject({ width: 0, height: 0 });
  });

  it('puts the strip where there is room', () => {
    expect(spotlightOf(3, { width: 1600, height: 900 }).strip).toBe('beside');
    expect(spotlightOf(3, { width: 360, height: 640 }).strip).toBe('below');
    expect(spotlightOf(0, { width: 360, height: 640 }).strip).toBe('none');
  });

  it('asks for what a tile can show, and not more than twice of it', () => {
    expect(wantedHeight({ width: 320, height: 180 }, 1)).toBe(180);
    expect(wantedHeight({ width: 320, height: 180 }, 3)).toBe(360);
    expect(wantedHeight({ width: 360, height: 400 }, 1)).toBe(400);
  });
});

describe('sending sizes', () => {
  const sending: Sending = { camera: 720, screen: 0, uplink: null, audioOnly: false };
  const wish = (camera: number, screen = 0): Wish => ({ camera, screen });

  it('sends one other a large picture, seven small ones', () => {
    expect(sendingSizes([wish(700)], sending)[0]?.camera).toMatchObject({ active: true, scaleResolutionDownBy: 1, maxBitrate: 1_700_000 });
    for (const { camera } of sendingSizes(Array.from({ length: 7 }, () => wish(700)), sending)) expect(camera.scaleResolutionDownBy).toBeGreaterThanOrEqual(2.6);
  });

  it('sends fewer pictures a second the more there are to send them to', () => {
    const rates = [1, 3, 5, 7].map((count) => sendingSizes(Array.from({ length: count }, () => wish(170)), sending)[0]?.camera.maxFramerate);
    expect(rates).toEqual([20, 20, 15, 10]);
  });

  it('sends no more than the tile shows', () => {
    expect(sendingSizes([wish(170)], sending)[0]?.camera).toMatchObject({ scaleResolutionDownBy: 4, maxBitrate: 150_000 });
  });

  it('sends nothing to who does not look, and no picture where the way up carries none', () => {
    expect(sendingSizes([wish(0)], sending)[0]?.camera.active).toBe(false);
    const [all] = sendingSizes([wish(700, 700)], { ...sending, screen: 1080, audioOnly: true });
    expect([all?.camera.active, all?.screen.active]).toEqual([false, false]);
  });

  it('gives a shared screen most of the bits, at its own size', () => {
    const [both] = sendingSizes([wish(200, 900)], { ...sending, screen: 1080, uplink: 1_500_000 });
    expect(both?.screen).toMatchObject({ active: true, scaleResolutionDownBy: 1 });
    expect(both?.screen.maxBitrate).toBeGreaterThan(both?.camera.maxBitrate ?? 0);
  });

  it('stays within what the way up carries, at least one step each', () => {
    for (const uplink of [200_000, 500_000, 1_000_000, 3_000_000, null])
      for (let count = 1; count <= 7; count += 1)
        for (const tall of [90, 300, 720]) {
          const sizes = sendingSizes(Array.from({ length: count }, () => wish(tall)), { ...sending, uplink });
          const sum = sizes.reduce((all, { camera }) => all + camera.maxBitrate + SOUND, 0);
          expect(sum).toBeLessThanOrEqual(Math.max(uplink ?? MOST_UP, count * (60_000 + SOUND)));
          for (const { camera } of sizes) expect(camera.scaleResolutionDownBy).toBeGreaterThanOrEqual(1);
        }
  });

  it('never makes a small picture larger', () => {
    expect(sendingSizes([wish(1000)], { ...sending, camera: 120 })[0]?.camera.scaleResolutionDownBy).toBe(1);
  });
});

describe('what the other tells beside', () => {
  it.each([['{"camera": 300, "screen": 0}', 300], ['{"camera": 1e99, "screen": 0}', 4320], ['{"camera": "x", "screen": 0}', 0]])('is a wish: %s', (text, camera) => {
    expect(toldOf(text)).toEqual({ camera, screen: 0 });
  });

  it.each([['{"speaks": true}', true], ['{"speaks": false}', false], ['{"speaks": "yes"}', false]])('is whether they speak: %s', (text, speaks) => {
    expect(toldOf(text)).toEqual({ speaks });
  });

  it.each(['', 'null', '[]', '{"camera": 1}', 'x'.repeat(300), 7])('is nothing: %j', (text) => {
    expect(toldOf(text)).toBeNull();
  });
});

describe('what is asked of our sound', () => {
  const sdp = ['m=audio 9 UDP/TLS/RTP/SAVPF 111 9', 'a=rtpmap:111 opus/48000/2', 'a=fmtp:111 minptime=10;useinbandfec=1', 'a=rtpmap:9 G722/8000', 'a=fmtp:9 x=1', ''].join('\r\n');

  it('pauses where nothing is to be heard, and nothing else of a small call', () => {
    expect(sparing(sdp, false)).toBe(sdp.replace('useinbandfec=1', 'useinbandfec=1;usedtx=1'));
    expect(sparing(sparing(sdp, false), false)).toBe(sparing(sdp, false));
  });

  it('is in longer packets in a large call', () => {
    expect(sparing(sdp, true)).toBe(sdp.replace('useinbandfec=1', 'useinbandfec=1;usedtx=1\r\na=ptime:60'));
  });

  it('is not reported packet by packet in a large call, as pictures are', () => {
    const reported = 'a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\na=rtcp-fb:96 transport-cc\r\n';
    const pictures = `m=video 9 UDP/TLS/RTP/SAVPF 96\r\n${reported}a=rtcp-fb:96 nack\r\n`;
    const both = `v=0\r\n${sdp}${reported.replace('96', '111')}${pictures}`;
    expect(sparing(both, true)).toBe(`v=0\r\n${sparing(sdp, true)}${pictures}`);
    expect(sparing(both, false)).toContain('a=rtcp-fb:111 transport-cc');
  });
});

describe('codecs', () => {
  const codec = (mimeType: string, sdpFmtpLine = ''): { mimeType: string; sdpFmtpLine: string } => ({ mimeType, sdpFmtpLine });

  it('are those every browser has, in the order of this one', () => {
    const found = [codec('video/VP9'), codec('video/H264', 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f'), codec('video/H264', 'packetization-mode=0;profile-level-id=42e01f'), codec('video/VP8'), codec('video/rtx'), codec('video/AV1')];
    expect(offered(found)).toEqual([found[1], found[3], found[4]]);
    expect(offered([codec('audio/G722'), codec('audio/opus')])).toEqual([codec('audio/opus')]);
  });

  it('are left to a browser that lacks the one that has to be there', () => {
    expect(offered([codec('video/H264', 'packetization-mode=1;profile-level-id=42e01f'), codec('video/rtx')])).toEqual([]);
  });
});

const LOOK: Look = { at: 0, packetsReceived: 0, packetsLost: 0, lostUp: 0, jitter: 5, roundTrip: 40, bytesReceived: 0, bytesSent: 0, framesDecoded: 0, freezes: 0, available: 0 };
const later = (change: Partial<Look>): Look => ({ ...LOOK, at: 2000, packetsReceived: 200, bytesReceived: 250_000, framesDecoded: 60, ...change });

describe('quality', () => {
  it.each([
    [{}, 'good'],
    [{ packetsLost: 8 }, 'fair'],
    [{ packetsLost: 40 }, 'poor'],
    [{ lostUp: 0.1 }, 'poor'],
    [{ roundTrip: 300 }, 'fair'],
    [{ roundTrip: 700 }, 'poor'],
    [{ jitter: 100 }, 'poor'],
    [{ freezes: 1 }, 'fair'],
    [{ packetsReceived: 0 }, 'poor'],
  ] as [Partial<Look>, string][])('of %j is %s', (change, quality) => {
    expect(measure(LOOK, later(change))?.quality).toBe(quality);
  });

  it('measures what flows', () => {
    expect(measure(LOOK, later({ packetsReceived: 5, packetsLost: 1 }))?.quality).toBe('good');
    expect(measure(LOOK, later({}))).toMatchObject({ down: 1_000_000, pictures: 30, lossDown: 0 });
    expect(measure(LOOK, LOOK)).toBeNull();
  });

  it('does not flicker, and gets worse sooner than better', () => {
    const steady = new Steady();
    expect(steady.take('good')).toBe(true);
    expect([steady.take('poor'), steady.take('good'), steady.take('poor')]).toEqual([false, false, false]);
    expect(steady.take('poor')).toBe(true);
    expect([1, 2, 3, 4].map(() => steady.take('good'))).toEqual([false, false, false, true]);
  });

  it('is one’s own when it is bad towards most', () => {
    expect(own(['good', 'poor', 'good'])).toBe('good');
    expect(own(['poor', 'poor', 'good'])).toBe('poor');
    expect(own([])).toBe('');
  });

  it('is summed up in a few numbers', () => {
    const summary = new Summary();
    expect(summary.numbers).toBeNull();
    summary.take(measure(LOOK, later({ packetsLost: 40 }))!);
    summary.take(measure(LOOK, later({}))!);
    expect(summary.numbers).toEqual({ round_trip_ms: 40, loss: 0.083, worst_loss: 0.167, poor: 0.5 });
  });
});

describe('the way up', () => {
  const reading = (at: number, change: Partial<Reading> = {}): Reading => ({ at: at * 1000, available: 2_000_000, lost: 0, others: 2, pictures: true, ...change });
  const bad = { available: 100_000 };

  it('gives pictures up after six bad seconds, and tries them again later and later', () => {
    const uplink = new Uplink();
    expect([uplink.take(reading(0, bad)), uplink.take(reading(5, bad)), uplink.take(reading(6, bad))]).toEqual([false, false, true]);
    expect(uplink.audioOnly).toBe(true);
    expect([uplink.take(reading(20)), uplink.take(reading(26))]).toEqual([false, true]);
    expect([uplink.take(reading(28, bad)), uplink.take(reading(30, bad))]).toEqual([false, false]);
    expect(uplink.take(reading(33, bad))).toBe(true);
    expect([uplink.take(reading(60)), uplink.take(reading(73))]).toEqual([false, true]);
  });

  it('is not alarmed by a moment', () => {
    const uplink = new Uplink();
    for (let at = 0; at < 60; at += 2) uplink.take(reading(at, at % 4 === 0 ? bad : {}));
    expect(uplink.audioOnly).toBe(false);
  });

  it('is not deceived by a good look among bad ones', () => {
    const uplink = new Uplink();
    const looks = [bad, bad, bad, {}, bad, bad, bad].map((change, place) => uplink.take(reading(2 * place, change)));
    expect(looks.indexOf(true)).toBe(5);
  });

  it('counts no look for longer than it can know', () => {
    const uplink = new Uplink();
    uplink.take(reading(0));
    expect(uplink.take(reading(600, bad))).toBe(false);
  });

  it('hears of losses, and waits until they are over', () => {
    const uplink = new Uplink();
    for (const at of [0, 3]) uplink.take(reading(at, { lost: 0.3 }));
    expect(uplink.take(reading(6, { lost: 0.3 }))).toBe(true);
    for (let at = 7; at <= 30; at += 1) expect(uplink.take(reading(at, { lost: 0.1 }))).toBe(false);
    expect(uplink.take(reading(50))).toBe(true);
  });

  it('gives nothing up where there is nothing, and lets the person insist', () => {
    const uplink = new Uplink();
    for (let at = 0; at < 20; at += 1) expect(uplink.take(reading(at, { ...bad, pictures: false }))).toBe(false);
    uplink.take(reading(20, bad));
    uplink.take(reading(27, bad));
    uplink.insist(28_000);
    expect(uplink.audioOnly).toBe(false);
  });
});

describe('speakers', () => {
  const heard = (...loud: string[]): Map<string, boolean> => new Map(['a', 'b', 'c'].map((who) => [who, loud.includes(who)]));

  it('shows who is heard at once, and lets a pause for breath pass', () => {
    const speakers = new Speakers();
    expect(speakers.take(heard('a'), 0)).toBe(true);
    expect([...speakers.speaking]).toEqual(['a']);
    expect(speakers.take(heard(), 400)).toBe(false);
    expect(speakers.take(heard(), 700)).toBe(true);
    expect(speakers.speaking.size).toBe(0);
  });

  it('lets who speaks for a while lead, until somebody else does', () => {
    const speakers = new Speakers();
    for (let at = 0; at <= 1400; at += 200) speakers.take(heard('a'), at);
    expect(speakers.leading).toBe('a');
    speakers.take(heard('b'), 2200);
    expect(speakers.leading).toBe('a');
    for (let at = 2400; at <= 3800; at += 200) speakers.take(heard('b'), at);
    expect(speakers.leading).toBe('b');
    speakers.take(new Map([['a', false]]), 4000);
    expect(speakers.leading).toBe('');
  });
});
