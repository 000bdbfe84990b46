/** The colour of a name, made readable: the hue is its owner's, the lightness the theme's. */

const READABLE = 4.5;
const FALLBACK = '#8a93a6';
/** Luminance of the surfaces names stand on (tokens --raised and --tint-amber, whichever is worse). */
const GROUND = { light: 0.85, dark: 0.0262 };

type Rgb = readonly [number, number, number];

function linear(channel: number): number {
  const share = channel / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

export function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

export function contrast(one: number, other: number): number {
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

export function rgbOf(colour: string): Rgb {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour) ?? /^#(..)(..)(..)$/.exec(FALLBACK);
  return [Number.parseInt(match?.[1] ?? '', 16), Number.parseInt(match?.[2] ?? '', 16), Number.parseInt(match?.[3] ?? '', 16)];
}

/** The colour itself where it can be read, else mixed with white or black as little as does it. */
export function readable(colour: string, theme: 'light' | 'dark'): string {
  const rgb = rgbOf(colour);
  const towards = theme === 'light' ? 0 : 255;
  for (let share = 0; share <= 1.0001; share += 0.04) {
    const mixed = rgb.map((channel) => Math.round(channel + (towards - channel) * share)) as unknown as Rgb;
    if (contrast(luminance(mixed), GROUND[theme]) >= READABLE) return hex(mixed);
  }
  return hex([towards, towards, towards]);
}

function hex(rgb: Rgb): string {
  return `#${rgb.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

const known = new Map<string, string>();

/** As a CSS value that follows the theme. */
export function nameColour(colour: string): string {
  let found = known.get(colour);
  if (found === undefined) {
    if (known.size > 2000) known.clear();
    found = `light-dark(${readable(colour, 'light')}, ${readable(colour, 'dark')})`;
    known.set(colour, found);
  }
  return found;
}
