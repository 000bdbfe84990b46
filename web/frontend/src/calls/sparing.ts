/** What is asked of our own sound in the other's session description (RFC 7587 section 7.1): to send little where there is nothing to hear. Pure. */

/** With so many others packets, each of which wakes several threads at both ends, cost more than the delay of longer ones does harm. */
const MANY = 4;
/** Milliseconds of sound in a packet, instead of 20. */
const LONG_MS = 60;

/** The description with Opus's pauses (`usedtx`), and in a large call with fewer and longer packets (`ptime`, RFC 8866 section 6.4). */
export function sparing(sdp: string, others: number): string {
  const opus = new Set([...sdp.matchAll(/^a=rtpmap:(\d+) opus\//gim)].map(([, type]) => type));
  return sdp.replace(/^a=fmtp:(\d+) .*$/gm, (line, type: string) => {
    if (!opus.has(type)) return line;
    return `${line}${line.includes('usedtx=') ? '' : ';usedtx=1'}${others < MANY ? '' : `\r\na=ptime:${LONG_MS}`}`;
  });
}
