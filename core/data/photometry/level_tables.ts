/**
 * Changes of 8-bit levels by tables, as Pillow's `ImageOps` has them; images are uint8 `[H, W, 3]`.
 *
 * @module
 */

type Pixels = Uint8Array<ArrayBuffer>;

const LEVELS = 256;
const WHITE = 255;
const CHANNELS = 3;

/** How often each level occurs in each channel. */
function histograms(pixels: Pixels): number[][] {
  const counts = Array.from({ length: CHANNELS }, () => new Array<number>(LEVELS).fill(0));
  for (let i = 0; i < pixels.length; i += CHANNELS) {
    for (let channel = 0; channel < CHANNELS; channel++) {
      counts[channel]![pixels[i + channel]!]!++;
    }
  }
  return counts;
}

/** A table of what becomes of each level; beyond black and white there is none. */
function tableOf(change: (level: number) => number): Uint8Array {
  return Uint8Array.from(
    { length: LEVELS },
    (_, level) => Math.min(Math.max(change(level), 0), WHITE),
  );
}

function byTables(pixels: Pixels, tables: readonly Uint8Array[]): Pixels {
  return pixels.map((level, i) => tables[i % CHANNELS]![level]!);
}

function byTable(pixels: Pixels, change: (level: number) => number): Pixels {
  const table = tableOf(change);
  return pixels.map((level) => table[level]!);
}

/** Stretches each channel to all levels from black to white. Source: Pillow, `ImageOps.autocontrast` without a cut-off. */
export function autoContrast(pixels: Pixels): Pixels {
  const tables = histograms(pixels).map((counts) => {
    const low = counts.findIndex((count) => count > 0);
    const high = counts.findLastIndex((count) => count > 0);
    if (high <= low) return tableOf((level) => level);
    const scale = WHITE / (high - low);
    return tableOf((level) => Math.trunc(level * scale - low * scale));
  });
  return byTables(pixels, tables);
}

/** Makes the levels of each channel as frequent as each other. Source: Pillow, `ImageOps.equalize`. */
export function equalize(pixels: Pixels): Pixels {
  const tables = histograms(pixels).map((counts) => {
    const used = counts.filter((count) => count > 0);
    const step = Math.floor((pixels.length / CHANNELS - used.at(-1)!) / WHITE);
    if (used.length <= 1 || step === 0) return tableOf((level) => level);
    let before = Math.floor(step / 2);
    return tableOf((level) => {
      const found = Math.floor(before / step);
      before += counts[level]!;
      return found;
    });
  });
  return byTables(pixels, tables);
}

/** Turns black to white. Source: Pillow, `ImageOps.invert`. */
export function invert(pixels: Pixels): Pixels {
  return byTable(pixels, (level) => WHITE - level);
}

/**
 * Keeps the highest bits of each level. Source: Pillow, `ImageOps.posterize`.
 *
 * @param bits in [0, 8]; by 0 all is black
 */
export function posterize(pixels: Pixels, bits: number): Pixels {
  return byTable(pixels, (level) => level & ~(2 ** (8 - bits) - 1));
}

/**
 * Inverts the levels from a threshold on. Source: Pillow, `ImageOps.solarize`.
 *
 * @param threshold in [0, 256]; by 256 nothing changes
 */
export function solarizeLevels(pixels: Pixels, threshold: number): Pixels {
  return byTable(pixels, (level) => level < threshold ? level : WHITE - level);
}

/** Levels below this are raised by {@linkcode brightenDark}. */
const DARK = 128;

/**
 * Raises the levels of the darker half. Source: timm, `auto_augment.py`, `solarize_add`.
 *
 * @param levels by how much, in [0, 128]
 */
export function brightenDark(pixels: Pixels, levels: number): Pixels {
  return byTable(pixels, (level) => level < DARK ? Math.min(WHITE, level + levels) : level);
}
