/** The parts of WHIP that need no browser. */

export type VideoCodec = 'h264' | 'vp8';

/** ICE servers of `Link` headers (RFC 9725 section 4.6): `<turn:host>; rel="ice-server"; username="u"; credential="p"`. */
export function iceServersOf(link: string): RTCIceServer[] {
  const servers: RTCIceServer[] = [];
  for (const match of link.matchAll(/<([^>]+)>((?:\s*;\s*[a-z-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,]+))*)/gi)) {
    const parameters = new Map<string, string>();
    for (const [, name, quoted, bare] of (match[2] ?? '').matchAll(/;\s*([a-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,]+))/gi)) {
      if (name !== undefined) parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '');
    }
    const url = match[1];
    if (parameters.get('rel') !== 'ice-server' || url === undefined || !/^(stuns?|turns?):/i.test(url)) continue;
    const username = parameters.get('username');
    const credential = parameters.get('credential');
    servers.push(username !== undefined && credential !== undefined ? { urls: url, username, credential } : { urls: url });
  }
  return servers;
}

/** The session's id is the last segment of its address. */
export function sessionOf(resource: string): string {
  return decodeURIComponent(new URL(resource).pathname.split('/').at(-1) ?? '');
}

/**
 * Browsers answer retransmission requests for audio, but do not offer to; at 5 % loss that is one sound in twenty.
 * Adds the feedback to an offer's Opus.
 */
export function withAudioRepair(sdp: string): string {
  return sdp.replace(/^a=rtpmap:(\d+) opus\/48000\/2$/gim, (line: string, number: string) =>
    new RegExp(`^a=rtcp-fb:${number} nack$`, 'm').test(sdp) ? line : `${line}\r\na=rtcp-fb:${number} nack`,
  );
}

/** Sets the local offer, with audio repair where the browser lets it be asked for. */
export async function describe(peer: RTCPeerConnection): Promise<void> {
  const offer = await peer.createOffer();
  try {
    await peer.setLocalDescription({ type: 'offer', sdp: withAudioRepair(offer.sdp ?? '') });
  } catch {
    await peer.setLocalDescription(offer);
  }
}

interface CodecLike {
  mimeType: string;
  sdpFmtpLine?: string;
}

/**
 * Codecs in the order to offer: H.264 with VP8 as a way out, or VP8 alone; then retransmission; nothing else.
 * Among H.264 profiles the server passes all through, but Constrained Baseline in single-NAL-or-fragment mode has no B-frames and plays everywhere.
 */
export function orderCodecs<T extends CodecLike>(codecs: readonly T[], wanted: VideoCodec): T[] {
  const rank = (codec: T): number => {
    const name = codec.mimeType.toLowerCase();
    const line = codec.sdpFmtpLine ?? '';
    if (name === 'video/rtx') return 90;
    if (name === 'video/vp8') return wanted === 'vp8' ? 0 : 50;
    // The server takes H.264 wherever it is offered, so whoever wants VP8 must not mention it.
    if (wanted === 'vp8' || name !== 'video/h264' || !line.includes('packetization-mode=1')) return -1;
    const profile = /profile-level-id=([0-9a-f]{4})/i.exec(line)?.[1]?.toLowerCase() ?? '';
    const order = ['42e0', '4200', '4d00', '640c', '6400'].indexOf(profile);
    return 1 + (order < 0 ? 9 : order);
  };
  return codecs
    .filter((codec) => rank(codec) >= 0)
    .map((codec, index) => ({ codec, index }))
    .sort((a, b) => rank(a.codec) - rank(b.codec) || a.index - b.index)
    .map(({ codec }) => codec);
}

/** Applies the order; a browser without the means to choose sends what it likes best, and the server copes. */
export function preferCodec(transceiver: RTCRtpTransceiver, wanted: VideoCodec): void {
  const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
  const ordered = orderCodecs(codecs, wanted);
  if (ordered.length === 0) return;
  try {
    transceiver.setCodecPreferences(ordered);
  } catch {
    // An older browser.
  }
}
