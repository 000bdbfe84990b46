/** What a receiver tells without its whole statistics. */

export type Receiver = Pick<RTCRtpReceiver, 'getSynchronizationSources'>;

/** When something came last by the first of these that knows, by performance.now(). */
export function cameAt(...receivers: (Receiver | undefined)[]): number | null {
  for (const receiver of receivers) {
    const source = receiver?.getSynchronizationSources()[0];
    if (source !== undefined) return source.timestamp - performance.timeOrigin;
  }
  return null;
}
