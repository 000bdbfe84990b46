/** Numbers and times for people, in the page's language. */

const locale = (): string => globalThis.document?.documentElement.lang || 'en';

/** `3:07` or `1:02:45`; a ticking clock keeps its width with tabular figures. */
export function clock(seconds: number, alwaysHours = false): string {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const two = (n: number): string => String(n).padStart(2, '0');
  if (hours > 0 || alwaysHours) return `${alwaysHours ? two(hours) : hours}:${two(minutes)}:${two(whole % 60)}`;
  return `${minutes}:${two(whole % 60)}`;
}

/** `just now`, `12 min`, `3 h 5 min`. */
export function since(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return '';
  const unit = (value: number, name: 'minute' | 'hour'): string =>
    new Intl.NumberFormat(locale(), { style: 'unit', unit: name, unitDisplay: 'short' }).format(value);
  if (minutes < 60) return unit(minutes, 'minute');
  const rest = minutes % 60;
  return rest === 0 ? unit(minutes / 60, 'hour') : `${unit(Math.floor(minutes / 60), 'hour')} ${unit(rest, 'minute')}`;
}

/** `1.4 s`. */
export function seconds(value: number, digits = 1): string {
  return `${new Intl.NumberFormat(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value)} s`;
}

/** `2.5 Mbit/s` or `640 kbit/s`. */
export function bitrate(bitsPerSecond: number): string {
  const mega = bitsPerSecond >= 1_000_000;
  const value = new Intl.NumberFormat(locale(), { maximumFractionDigits: mega ? 1 : 0, minimumFractionDigits: mega ? 1 : 0 });
  return mega ? `${value.format(bitsPerSecond / 1_000_000)} Mbit/s` : `${value.format(bitsPerSecond / 1000)} kbit/s`;
}

/** `1,204`, or `12K` where room is short. */
export function count(value: number, compact = false): string {
  return new Intl.NumberFormat(locale(), compact ? { notation: 'compact' } : {}).format(value);
}

export function percent(share: number): string {
  return new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: 1 }).format(share);
}
