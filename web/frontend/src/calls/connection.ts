/** An RTCPeerConnection as the negotiation sees it; the words differ only in their types. */

import type { Candidate } from '../lib/call-frames';
import type { Connection } from './negotiation';
import { PLACES } from './places';
import { MANY, sparing } from './sparing';

export class BrowserConnection implements Connection {
  readonly transceivers: RTCRtpTransceiver[] = [];
  /** What two pages tell each other beside what is seen and heard. */
  readonly beside: RTCDataChannel;
  /** What we send is made for many. */
  spared = false;
  /** The other goes other ways through the network since its last description (RFC 8839 section 4.4.1.1.1). */
  restarted = false;
  private ufrag = '';

  constructor(
    readonly raw: RTCPeerConnection,
    private readonly others: () => number,
    private readonly shares: () => boolean,
  ) {
    // Agreed on beforehand, so that it needs no round of its own.
    this.beside = raw.createDataChannel('beside', { negotiated: true, id: 0 });
  }

  get signalingState(): string {
    return this.raw.signalingState;
  }

  get localDescription(): RTCSessionDescription | null {
    return this.raw.localDescription;
  }

  get stale(): boolean {
    return this.transceivers.length < PLACES.length && this.shares();
  }

  setLocalDescription(): Promise<void> {
    return this.raw.setLocalDescription();
  }

  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.spared = this.others() >= MANY;
    const ufrag = /^a=ice-ufrag:(\S+)/m.exec(description.sdp ?? '')?.[1] ?? '';
    this.restarted = this.ufrag !== '' && ufrag !== this.ufrag;
    this.ufrag = ufrag;
    return this.raw.setRemoteDescription({ ...description, sdp: sparing(description.sdp ?? '', this.spared) });
  }

  addIceCandidate(candidate: Candidate | null): Promise<void> {
    return this.raw.addIceCandidate(candidate ?? undefined);
  }

  restartIce(): void {
    this.raw.restartIce();
  }

  close(): void {
    this.raw.close();
  }
}
