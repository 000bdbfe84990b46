// Reads the time stamp of the test pattern from RGBA pixels (a canvas's ImageData). Twin of ingest/outgoing/stamp.py.

const COLUMNS = 32;
const ROWS = 2;
const ROWS_IN_HEIGHT = 18;
const TIME_BITS = 44;
const CHECK_BITS = 16;

/** The CRC-16/CCITT of a time, six bytes, the highest first. */
function check(unixMs) {
  let crc = 0xffff;
  for (let byte = 5; byte >= 0; byte -= 1) {
    crc ^= (Math.floor(unixMs / 2 ** (8 * byte)) % 256) << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1;
  }
  return crc;
}

/** Unix milliseconds shown by 64 brightness levels, or null. */
export function timeOf(levels) {
  const white = (levels[0] + levels[2]) / 2;
  const black = (levels[1] + levels[3]) / 2;
  if (white <= black) return null;
  const middle = (white + black) / 2;
  const bits = levels.slice(4).map((level) => (level > middle ? 1 : 0));
  const number = (part) => part.reduce((value, bit) => value * 2 + bit, 0);
  const unixMs = number(bits.slice(0, TIME_BITS));
  return number(bits.slice(TIME_BITS, TIME_BITS + CHECK_BITS)) === check(unixMs) ? unixMs : null;
}

/** The cells of a time, true for white; for pages that draw the stamp themselves. */
export function cells(unixMs) {
  const bits = [];
  for (let bit = TIME_BITS - 1; bit >= 0; bit -= 1) bits.push(Math.floor(unixMs / 2 ** bit) % 2 === 1);
  for (let bit = CHECK_BITS - 1; bit >= 0; bit -= 1) bits.push(((check(unixMs) >> bit) & 1) === 1);
  return [true, false, true, false, ...bits];
}

/** The time stamped into a picture of RGBA pixels, or null. Only the top ninth of the picture is read. */
export function readStamp(rgba, width, height) {
  const levels = [];
  for (let row = 0; row < ROWS; row += 1) {
    const y = Math.floor(((row + 0.5) * height) / ROWS_IN_HEIGHT);
    for (let column = 0; column < COLUMNS; column += 1) {
      const x = Math.floor(((column + 0.5) * width) / COLUMNS);
      let sum = 0;
      for (let dx = -1; dx <= 1; dx += 1) sum += rgba[4 * (y * width + x + dx) + 1];
      levels.push(sum / 3);
    }
  }
  return timeOf(levels);
}
