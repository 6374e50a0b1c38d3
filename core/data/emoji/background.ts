/**
 * Backgrounds for cut-out pictures.
 *
 * @module
 */
import type { RandomStream } from "../../engine/random/random_stream.ts";

type Colour = readonly [number, number, number];

/** How far towards the second colour a pixel is, in [0, 1]; x and y are in [0, 1) too. */
type Pattern = (x: number, y: number) => number;

/** A colour that is neither very dark nor garish, 0 to 255 per channel. */
function drawColour(random: RandomStream): Colour {
  const hue = 6 * random.uniform();
  const saturation = random.uniform(0.05, 0.75);
  const value = random.uniform(0.3, 1);
  const channel = (shift: number): number => {
    const k = (shift + hue) % 6;
    return 255 * value * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1)));
  };
  return [channel(5), channel(3), channel(1)];
}

function plain(): Pattern {
  return () => 0;
}

function gradient(random: RandomStream): Pattern {
  const angle = random.uniform(0, 2 * Math.PI);
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  const reach = Math.abs(dx) + Math.abs(dy);
  return (x, y) => 0.5 + ((x - 0.5) * dx + (y - 0.5) * dy) / reach;
}

function glow(random: RandomStream): Pattern {
  const [cx, cy, radius] = [random.uniform(), random.uniform(), random.uniform(0.4, 1.1)];
  return (x, y) => Math.min(1, Math.hypot(x - cx, y - cy) / radius);
}

function stripes(random: RandomStream): Pattern {
  const angle = random.uniform(0, Math.PI);
  const frequency = 2 * Math.PI * random.uniform(2, 8);
  const phase = random.uniform(0, 2 * Math.PI);
  const [dx, dy] = [frequency * Math.cos(angle), frequency * Math.sin(angle)];
  const sharpness = random.uniform(1, 6);
  return (x, y) => 0.5 + 0.5 * Math.tanh(sharpness * Math.sin(x * dx + y * dy + phase));
}

/** Noise on a lattice of `cells` by `cells` values, smooth between them. */
function lattice(cells: number, random: RandomStream): Pattern {
  const side = cells + 1;
  const values = Float64Array.from({ length: side * side }, () => random.uniform());
  const smooth = (t: number) => t * t * (3 - 2 * t);
  return (x, y) => {
    const [column, row] = [Math.floor(x * cells), Math.floor(y * cells)];
    const [tx, ty] = [smooth(x * cells - column), smooth(y * cells - row)];
    const at = row * side + column;
    const above = values[at]! * (1 - tx) + values[at + 1]! * tx;
    const below = values[at + side]! * (1 - tx) + values[at + side + 1]! * tx;
    return above * (1 - ty) + below * ty;
  };
}

/** Three octaves of lattice noise. */
function texture(random: RandomStream): Pattern {
  const cells = 2 + random.integer(5);
  const octaves = [0, 1, 2].map((octave) => lattice(cells * 2 ** octave, random));
  return (x, y) => octaves.reduce((sum, octave, i) => sum + octave(x, y) * (4 / 7) / 2 ** i, 0);
}

const PATTERNS: readonly ((random: RandomStream) => Pattern)[] = [
  plain,
  gradient,
  glow,
  stripes,
  texture,
];

/**
 * Draws a background, uint8 [size, size, 3]: a colour, or a gradient, glow, stripes or cloudy texture between two.
 */
export function drawBackground(size: number, random: RandomStream): Uint8Array<ArrayBuffer> {
  const pattern = PATTERNS[random.integer(PATTERNS.length)]!(random);
  const [from, to] = [drawColour(random), drawColour(random)];
  const pixels = new Uint8Array(3 * size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const at = 3 * (row * size + column);
      const mix = pattern((column + 0.5) / size, (row + 0.5) / size);
      for (let channel = 0; channel < 3; channel++) {
        pixels[at + channel] = from[channel]! + (to[channel]! - from[channel]!) * mix + 0.5;
      }
    }
  }
  return pixels;
}
