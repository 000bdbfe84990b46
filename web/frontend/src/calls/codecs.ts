/** What a call's media are encoded with: what every browser can (RFC 7742 section 5, RFC 7874 section 3). All else makes descriptions long, and connecting slow. */

const SOUND = /^audio\/opus$/i;
const PICTURES = /^video\/(VP8|rtx|red|ulpfec)$/i;
const H264 = /^video\/H264$/i;
/** Constrained Baseline in several packets a picture. */
const BASELINE = /(?=.*packetization-mode=1)(?=.*profile-level-id=42e0)/i;

/** Those of a browser's codecs that are offered, in its order; none where the one that has to be there is not. */
export function offered<C extends { mimeType: string; sdpFmtpLine?: string }>(codecs: readonly C[]): C[] {
  const found = codecs.filter(({ mimeType, sdpFmtpLine }) => SOUND.test(mimeType) || PICTURES.test(mimeType) || (H264.test(mimeType) && BASELINE.test(sdpFmtpLine ?? '')));
  return found.some(({ mimeType }) => SOUND.test(mimeType) || /^video\/VP8$/i.test(mimeType)) ? found : [];
}

const kept = new Map<string, RTCRtpCodec[]>();

/** Offers only those; a browser that can't choose offers all it has. */
export function prefer(transceiver: RTCRtpTransceiver): void {
  const { kind } = transceiver.receiver.track;
  let codecs = kept.get(kind);
  if (codecs === undefined) kept.set(kind, (codecs = offered(RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [])));
  if (codecs.length > 0 && 'setCodecPreferences' in transceiver) transceiver.setCodecPreferences(codecs);
}
