import { describe, expect, it } from 'vitest';
import { iceServersOf, orderCodecs, sessionOf, withAudioRepair } from '../src/lib/whip-parts';

describe('ICE servers of Link headers', () => {
  it('reads several in one header, with and without credentials', () => {
    const link =
      '<stun:stun.example:3478>; rel="ice-server", <turn:turn.example?transport=udp>; rel="ice-server"; username="u,1"; credential="p\\"q;r"; credential-type="password"';
    expect(iceServersOf(link)).toEqual([
      { urls: 'stun:stun.example:3478' },
      { urls: 'turn:turn.example?transport=udp', username: 'u,1', credential: 'p"q;r' },
    ]);
  });

  it('ignores other relations and other schemes', () => {
    expect(iceServersOf('<https://example/next>; rel="next", <https://example>; rel="ice-server"')).toEqual([]);
    expect(iceServersOf('')).toEqual([]);
    expect(iceServersOf('<turn:a')).toEqual([]);
  });

  it('takes unquoted parameters', () => {
    expect(iceServersOf('<turns:a>;rel=ice-server;username=u;credential=c')).toEqual([{ urls: 'turns:a', username: 'u', credential: 'c' }]);
  });
});

describe('repair of audio', () => {
  const offer = 'm=audio 9 UDP/TLS/RTP/SAVPF 111 9\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=rtpmap:9 G722/8000\r\n';

  it('is asked for once, for Opus only', () => {
    const better = withAudioRepair(offer);
    expect(better).toContain('a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 nack\r\n');
    expect(better).not.toContain('a=rtcp-fb:9 nack');
    expect(withAudioRepair(better)).toBe(better);
  });
});

describe('the order of codecs', () => {
  const codec = (mimeType: string, sdpFmtpLine?: string) => (sdpFmtpLine === undefined ? { mimeType } : { mimeType, sdpFmtpLine });
  const h264 = (profile: string, mode = 1) => codec('video/H264', `level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`);
  const all = [codec('video/VP8'), codec('video/rtx'), codec('video/VP9'), h264('64001f'), h264('42e01f', 0), h264('42001f'), h264('42e01f'), codec('video/AV1'), codec('video/red')];

  it('puts Constrained Baseline first, keeps VP8 as a way out and retransmission last', () => {
    expect(orderCodecs(all, 'h264')).toEqual([h264('42e01f'), h264('42001f'), h264('64001f'), codec('video/VP8'), codec('video/rtx')]);
  });

  it('offers VP8 alone when asked', () => {
    expect(orderCodecs(all, 'vp8')).toEqual([codec('video/VP8'), codec('video/rtx')]);
  });

  it('offers what there is in a browser without H.264', () => {
    expect(orderCodecs([codec('video/VP8'), codec('video/VP9')], 'h264')).toEqual([codec('video/VP8')]);
  });
});

it('finds the session in its address', () => {
  expect(sessionOf('http://host/whip/main/ingest-12.abcdef')).toBe('ingest-12.abcdef');
});
