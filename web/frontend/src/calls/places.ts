/** What one person of a call sends to each of the others, each in its place. */

/** What is sent, in the order of the media sections: a section's place tells what its track is. */
export const PLACES = ['microphone', 'camera', 'screen', 'sound'] as const;
export type Place = (typeof PLACES)[number];
export const MEDIA: Record<Place, 'audio' | 'video'> = { microphone: 'audio', camera: 'video', screen: 'video', sound: 'audio' };

/** Those that are always there; the others come when a screen is shared for the first time, since a way that nothing goes costs both sides something, too. */
export const ALWAYS = 2;

export type Tracks = Readonly<Record<Place, MediaStreamTrack | null>>;
