/** Cameras, microphones and screens, and in plain words why one did not come. */

import type { Size } from './sizes';

export type MediaProblem = 'denied' | 'missing' | 'busy' | 'insecure' | 'device' | 'screen';

export class MediaError extends Error {
  constructor(readonly problem: MediaProblem) {
    super(problem);
  }
}

/** What a `getUserMedia` failure means (Media Capture and Streams, section 10.2). */
export function problemOf(error: unknown): MediaProblem {
  const name = error !== null && typeof error === 'object' && 'name' in error ? String(error.name) : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy';
  return 'device';
}

const frames = { ideal: 30, max: 60 };

export function videoConstraints(size: Size, device: string): MediaTrackConstraints {
  const wanted: MediaTrackConstraints = { width: { ideal: size.width }, height: { ideal: size.height }, frameRate: frames };
  return device === '' ? wanted : { ...wanted, deviceId: { exact: device } };
}

export function audioConstraints(device: string): MediaTrackConstraints {
  const wanted: MediaTrackConstraints = { channelCount: { ideal: 2 }, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  return device === '' ? wanted : { ...wanted, deviceId: { exact: device } };
}

function devices(): MediaDevices {
  // Absent on plain http:// beyond localhost; the type does not say so.
  const found = navigator.mediaDevices as MediaDevices | undefined;
  if (found === undefined) throw new MediaError('insecure');
  return found;
}

async function ask(constraints: MediaStreamConstraints): Promise<MediaStream> {
  try {
    return await devices().getUserMedia(constraints);
  } catch (error) {
    throw error instanceof MediaError ? error : new MediaError(problemOf(error));
  }
}

/** Camera and microphone together, so that the person is asked once; whichever of them exists, if only one does. */
export async function openBoth(size: Size, camera: string, microphone: string): Promise<MediaStream> {
  const video = videoConstraints(size, camera);
  const audio = audioConstraints(microphone);
  try {
    return await ask({ video, audio });
  } catch (error) {
    if (!(error instanceof MediaError) || error.problem === 'denied' || error.problem === 'insecure') throw error;
    const first = error;
    for (const one of [{ video }, { audio }]) {
      try {
        return await ask(one);
      } catch {
        // The first failure says more.
      }
    }
    throw first;
  }
}

export const openCamera = (size: Size, device: string): Promise<MediaStream> => ask({ video: videoConstraints(size, device) });
export const openMicrophone = (device: string): Promise<MediaStream> => ask({ audio: audioConstraints(device) });

export async function openScreen(size: Size): Promise<MediaStreamTrack> {
  try {
    const stream = await devices().getDisplayMedia({ video: { width: { max: size.width }, height: { max: size.height }, frameRate: frames }, audio: false });
    const track = stream.getVideoTracks()[0];
    if (track === undefined) throw new MediaError('screen');
    track.contentHint = 'detail';
    return track;
  } catch {
    throw new MediaError('screen');
  }
}

export interface Choice {
  id: string;
  label: string;
}

export async function choices(kind: 'videoinput' | 'audioinput' | 'audiooutput'): Promise<Choice[]> {
  const all = await devices()
    .enumerateDevices()
    .catch(() => []);
  return all.filter((device) => device.kind === kind && device.deviceId !== '').map((device) => ({ id: device.deviceId, label: device.label || device.deviceId.slice(0, 8) }));
}

/** Whether the person said yes on an earlier visit, so that asking again shows no dialog. */
export async function alreadyAllowed(): Promise<boolean> {
  try {
    const states = await Promise.all(['camera', 'microphone'].map((name) => navigator.permissions.query({ name: name as PermissionName })));
    return states.every((status) => status.state === 'granted');
  } catch {
    return false;
  }
}
