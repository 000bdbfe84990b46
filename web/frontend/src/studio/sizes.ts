/** Sizes and bit rates a streamer can choose from. */

export interface Size {
  height: number;
  width: number;
  bitrate: number;
}

export const SIZES: readonly Size[] = [
  { height: 1080, width: 1920, bitrate: 4_500_000 },
  { height: 720, width: 1280, bitrate: 2_500_000 },
  { height: 540, width: 960, bitrate: 1_500_000 },
  { height: 360, width: 640, bitrate: 800_000 },
];

export const BITRATES: readonly number[] = [6_000_000, 4_500_000, 3_500_000, 2_500_000, 1_500_000, 800_000, 400_000];

export function sizeOf(height: number): Size {
  return SIZES.find((size) => size.height === height) ?? (SIZES[1] as Size);
}

/** The next smaller size, or null below the smallest. */
export function smaller(height: number): Size | null {
  return SIZES.find((size) => size.height < height) ?? null;
}
