/** Where tiles go: the division of a space that shows everybody as large as can be. Pure. */

export interface Box {
  width: number;
  height: number;
}

export interface Grid extends Box {
  columns: number;
  rows: number;
}

export const TILE_RATIO = 16 / 9;
/** On a tall, narrow screen tiles may be as tall as this; a picture is cut at its sides then. */
const TALLEST_RATIO = 3 / 4;

/** The columns and rows that give `count` tiles of 16:9 the most area within `space`, with `gap` pixels between them. */
export function gridOf(count: number, space: Box, gap: number): Grid {
  let best: Grid = { columns: 1, rows: Math.max(1, count), width: 0, height: 0 };
  let largest = -1;
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.max(1, Math.ceil(count / columns));
    const wide = (space.width - gap * (columns - 1)) / columns;
    const tall = (space.height - gap * (rows - 1)) / rows;
    const tile = fitted(wide, tall);
    // What of a picture is cut away does not count. Of equals the fuller grid, so that no place stays empty.
    const area = tile.height === 0 ? 0 : tile.width * tile.height * Math.min(1, tile.width / tile.height / TILE_RATIO);
    if (area > largest * 1.001 || (area > largest * 0.999 && columns * rows < best.columns * best.rows)) {
      largest = area;
      best = { columns, rows, ...tile };
    }
  }
  return best;
}

/** The largest tile in a cell; its sides are cut before it gets smaller. */
function fitted(wide: number, tall: number): Box {
  if (wide <= 0 || tall <= 0) return { width: 0, height: 0 };
  const ratio = Math.min(TILE_RATIO, Math.max(TALLEST_RATIO, wide / tall));
  const width = Math.min(wide, tall * ratio);
  return { width: Math.floor(width), height: Math.floor(Math.min(tall, width / ratio)) };
}

/** One large picture, and a strip for the others: beside it where the space is wide, below it where it is tall. */
export interface Spotlight {
  strip: 'none' | 'beside' | 'below';
  /** Pixels the strip takes, across. */
  size: number;
}

export function spotlightOf(others: number, space: Box): Spotlight {
  if (others === 0) return { strip: 'none', size: 0 };
  if (space.width >= space.height * 1.2) return { strip: 'beside', size: Math.round(Math.min(260, Math.max(120, space.width * 0.18))) };
  return { strip: 'below', size: Math.round(Math.min(140, Math.max(72, space.height * 0.18))) };
}

/** The height of picture that a tile of this many device pixels can show: what its sender is asked for. */
export function wantedHeight(tile: Box, pixelRatio: number): number {
  return Math.round(Math.max(tile.height, tile.width / TILE_RATIO) * Math.min(2, Math.max(1, pixelRatio)));
}
