/** How large a picture is sent to each of the others: by the tile they show it in, by how many they are, by what the way up carries. Pure. */

/** A height of picture in pixels with what it may cost in bits a second, and its pictures a second. */
interface Step {
  height: number;
  bitrate: number;
  rate: number;
}

const STEPS: readonly Step[] = [
  { height: 90, bitrate: 60_000, rate: 15 },
  { height: 180, bitrate: 150_000, rate: 20 },
  { height: 270, bitrate: 300_000, rate: 24 },
  { height: 360, bitrate: 500_000, rate: 30 },
  { height: 540, bitrate: 900_000, rate: 30 },
  { height: 720, bitrate: 1_700_000, rate: 30 },
];
/** A screen is read: its size stays, only its pictures a second and its bits give way. */
const SCREEN: Step = { height: 1080, bitrate: 1_500_000, rate: 15 };
const SCREEN_LEAST = 250_000;
/** What all of one person's pictures together may take, where the way up is not known yet or has plenty. Bits a second. */
export const MOST_UP = 4_000_000;
/** Encoding costs, too: with so many others no picture is larger than this. */
const TALLEST: readonly number[] = [720, 720, 720, 540, 360, 360, 270, 270];
/** And no faster than this, pictures a second: eight people are 56 streams for whoever shows, sends and receives them. */
const FASTEST: readonly number[] = [30, 30, 30, 24, 15, 12, 10];
/** Sound to one of the others. Bits a second. */
export const SOUND = 40_000;

export interface Encoding {
  active: boolean;
  scaleResolutionDownBy: number;
  maxBitrate: number;
  maxFramerate: number;
}

export interface Wish {
  /** The height the other shows our camera at, in device pixels; 0 where it is not seen. */
  camera: number;
  screen: number;
}

export interface Sending {
  /** The height of what the camera gives, 0 without one. */
  camera: number;
  screen: number;
  /** What the way up carries in bits a second, null while it is not known. */
  uplink: number | null;
  /** The way up can't carry pictures. */
  audioOnly: boolean;
}

const NOTHING: Encoding = { active: false, scaleResolutionDownBy: 1, maxBitrate: STEPS[0]?.bitrate ?? 60_000, maxFramerate: 15 };

/** What to send to each of those who have these wishes, in their order. */
export function sendingSizes(wishes: readonly Wish[], sending: Sending): { camera: Encoding; screen: Encoding }[] {
  const count = Math.max(1, wishes.length);
  const budget = Math.max(0, Math.min(MOST_UP, sending.uplink ?? MOST_UP) - SOUND * count);
  const screens = sending.screen === 0 ? 0 : wishes.filter((wish) => wish.screen > 0).length;
  // A shared screen is what the call is about at that moment: it gets two thirds.
  const each = budget / count;
  const forScreen = screens === 0 ? 0 : Math.min(SCREEN.bitrate, Math.max(SCREEN_LEAST, (budget * 2) / 3 / screens));
  return wishes.map((wish) => {
    const screen = screens > 0 && wish.screen > 0 && !sending.audioOnly;
    return {
      camera: sending.audioOnly ? NOTHING : cameraFor(wish.camera, sending.camera, screen ? Math.max(0, each - forScreen) : each, count),
      screen: screen ? { active: true, scaleResolutionDownBy: scale(sending.screen, SCREEN.height), maxBitrate: Math.round(forScreen), maxFramerate: SCREEN.rate } : NOTHING,
    };
  });
}

function cameraFor(wanted: number, captured: number, bits: number, others: number): Encoding {
  if (wanted <= 0 || captured <= 0) return NOTHING;
  const tallest = Math.min(TALLEST[Math.min(others, TALLEST.length) - 1] ?? 270, captured);
  // The step that fills the tile, or the largest that the bits carry, whichever is smaller.
  const fills = STEPS.find((step) => step.height >= Math.min(wanted, tallest)) ?? STEPS[STEPS.length - 1];
  const carried = STEPS.findLast((step) => step.bitrate <= bits) ?? STEPS[0];
  const step = fills === undefined || carried === undefined || fills.height <= carried.height ? fills : carried;
  if (step === undefined) return NOTHING;
  const height = Math.min(step.height, tallest);
  return { active: true, scaleResolutionDownBy: scale(captured, height), maxBitrate: step.bitrate, maxFramerate: Math.min(step.rate, fastest(others)) };
}

/** Pictures a second that are sent to each of so many others at most. */
export function fastest(others: number): number {
  return FASTEST[Math.min(others, FASTEST.length) - 1] ?? 30;
}

/** Never below one: pictures are not made larger to be sent. */
function scale(captured: number, height: number): number {
  return Math.max(1, Math.round((captured / height) * 100) / 100);
}
