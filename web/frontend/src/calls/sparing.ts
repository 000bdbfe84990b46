/** What is asked of our own sound in the other's session description: to send little where there is nothing to hear, and little besides in a large call. Pure. */

/** With so many others packets, each of which wakes several threads at both ends, cost more than the delay of longer ones does harm. */
export const MANY = 4;
/** Milliseconds of sound in a packet, instead of 20. */
const LONG_MS = 60;

/**
 * The description with Opus's pauses (`usedtx`, RFC 7587 section 7.1). For many others also with longer packets (`ptime`, RFC 8866 section 6.4), and
 * without reports of each sound packet's arrival, of which there would be as many as packets: pictures are still reported.
 */
export function sparing(sdp: string, many: boolean): string {
  const sections = sdp.split(/^(?=m=)/m);
  return sections.map((section) => (section.startsWith('m=audio') ? sparingSound(section, many) : section)).join('');
}

function sparingSound(section: string, many: boolean): string {
  const opus = new Set([...section.matchAll(/^a=rtpmap:(\d+) opus\//gim)].map(([, type]) => type));
  const spared = section.replace(/^a=fmtp:(\d+) .*$/gm, (line, type: string) => {
    if (!opus.has(type)) return line;
    return `${line}${line.includes('usedtx=') ? '' : ';usedtx=1'}${many ? `\r\na=ptime:${LONG_MS}` : ''}`;
  });
  return many ? spared.replace(/^a=(?:rtcp-fb:\d+ transport-cc|extmap:\d+(?:\/\w+)? \S*transport-wide-cc\S*)\r?\n/gim, '') : spared;
}
