/**
 * Shifts of hue, without hues: no angle is computed and nothing is divided.
 *
 * Let m and v be the smallest and the largest channel of a pixel, c = v - m its chroma, and let colours turn from red
 * over green to blue. Along the circle of hues each channel rises from m to v within a sextant, stays there for two,
 * falls within one and stays for two. A turn by a sextants, 0 <= a <= 1/2, makes of channel x, whose successor on the
 * circle is n and whose predecessor is p,
 *
 *     x' = clip(max(x - n + m + a c, 2 x - (x + n + p) + m + v - a c), m, v),
 *
 * the first where p >= n and x rises, the second where p < n and x falls. Turning the other way exchanges n and p. Whole
 * sextants are exact: two of them permute the channels, three replace x by m + v - x, and m and v stay the same. So
 * everything within the max is a matrix of its own for each turn, applied to red, green, blue, v and m.
 *
 * @module
 */
import { float32 } from "../../engine/graph/tensor.ts";
import { constant, type Value } from "../../engine/graph/value.ts";
import { abs } from "../../engine/ops/abs.ts";
import { add } from "../../engine/ops/add.ts";
import { cast } from "../../engine/ops/cast.ts";
import { gather } from "../../engine/ops/gather.ts";
import { less } from "../../engine/ops/less.ts";
import { maximum } from "../../engine/ops/maximum.ts";
import { minimum } from "../../engine/ops/minimum.ts";
import { concat } from "../../engine/ops/concat.ts";
import { mul } from "../../engine/ops/mul.ts";
import { reshape } from "../../engine/ops/reshape.ts";
import { round } from "../../engine/ops/round.ts";
import { split } from "../../engine/ops/split.ts";
import { sub } from "../../engine/ops/sub.ts";
import { mapColors } from "./color_map.ts";

/** Half a turn, in sextants: whole sextants of a shift lie between its negative and it. */
const HALF_TURN = 3;

/** A shift by a number of whole sextants and a rest, by the rest's direction. */
interface Turn {
  readonly sextants: number;
  readonly backward: boolean;
}

/** Every turn, at index 2 (sextants + 3) + backward. */
const TURNS: readonly Turn[] = Array.from({ length: 2 * (2 * HALF_TURN + 1) }, (_, i) => ({
  sextants: (i >> 1) - HALF_TURN,
  backward: i % 2 === 1,
}));

/** A turn of all channels at once: the target of each is the source at its place, turned by the rest towards the next. */
export interface ChannelTurn {
  readonly sources: readonly [number, number, number];
  readonly targets: readonly [number, number, number];
  /** In sextants, in [0, 1/2]. */
  readonly rest: number;
  /** Whether there is half a turn beside it. */
  readonly inverted: boolean;
}

/** The channels that turns in [-0.5, 0.5] go by. */
export function turnOf(turns: number): ChannelTurn {
  const shift = turns * 2 * HALF_TURN;
  const sextants = Math.round(shift);
  const { inverted, thirds } = partsOf(sextants);
  const targets = shift < sextants ? [0, 2, 1] as const : [0, 1, 2] as const;
  const [a, b, c] = targets;
  return {
    sources: [channelBefore(a, thirds), channelBefore(b, thirds), channelBefore(c, thirds)],
    targets,
    rest: Math.abs(shift - sextants),
    inverted,
  };
}

/** Multiples of a channel, its successor, its predecessor, v and m: what one branch of x' has, but for the rest. */
type Branch = readonly [own: number, successor: number, predecessor: number, v: number, m: number];

/** x - n + m, and backward x - p + m. */
const RISING: readonly [Branch, Branch] = [[1, -1, 0, 0, 1], [1, 0, -1, 0, 1]];

/** 2 x - (x + n + p) + m + v, in both directions. */
const FALLING: readonly [Branch, Branch] = [[1, -1, -1, 1, 1], [1, -1, -1, 1, 1]];

/** Index of the channel that so many thirds of a turn put in a channel's place. */
function channelBefore(channel: number, thirds: number): number {
  return (((channel - thirds) % 3) + 3) % 3;
}

/** An odd number of sextants is one half turn, at which x becomes m + v - x, and some thirds. */
function partsOf(sextants: number): { readonly inverted: boolean; readonly thirds: number } {
  const inverted = sextants % 2 !== 0;
  return { inverted, thirds: (inverted ? sextants - HALF_TURN : sextants) / 2 };
}

/** The matrix `[3,5]` of a branch after a turn's sextants. */
function matrixOf({ sextants, backward }: Turn, branches: readonly [Branch, Branch]): number[] {
  const [own, successor, predecessor, v, m] = branches[Number(backward)]!;
  const { inverted, thirds } = partsOf(sextants);
  const sign = inverted ? -1 : 1;
  const taken = inverted ? own + successor + predecessor : 0;
  return [0, 1, 2].flatMap((channel) => {
    const row = [0, 0, 0, v + taken, m + taken];
    row[channelBefore(channel, thirds)]! += sign * own;
    row[channelBefore(channel + 1, thirds)]! += sign * successor;
    row[channelBefore(channel - 1, thirds)]! += sign * predecessor;
    return row;
  });
}

/** The chroma `[3,5]`, which the rest of a turn is a multiple of. */
const CHROMA = constant(float32([3, 5], [0, 1, 2].flatMap(() => [0, 0, 0, 1, -1])));

/** The matrix `[N,3,5]` of a branch for turns by their index `[N]`, but for the rest. */
function chosen(branches: readonly [Branch, Branch], index: Value): Value {
  const table = TURNS.flatMap((turn) => matrixOf(turn, branches));
  return gather(constant(float32([TURNS.length, 3, 5], table)), index);
}

/**
 * Pixels `[N,3,H,W]` with their hue shifted by turns `[N]`, each in [-0.5, 0.5].
 *
 * Source of what is computed, not of how: torchvision, `transforms/_functional_tensor.py` (`adjust_hue`).
 */
export function shiftHue(pixels: Value, turns: Value): Value {
  const shift = mul(turns, 2 * HALF_TURN);
  const sextants = round(shift);
  const rest = sub(shift, sextants);
  const backward = cast(less(rest, 0), "float32");
  const index = cast(add(mul(add(sextants, HALF_TURN), 2), backward), "int64");
  const turned = mul(reshape(abs(rest), [-1, 1, 1]), CHROMA);

  const [red, green, blue] = split(pixels, [1, 1, 1], { axis: 1 });
  const most = maximum(maximum(red!, green!), blue!);
  const least = minimum(minimum(red!, green!), blue!);
  const channels = concat([pixels, most, least], { axis: 1 });
  const rising = mapColors(channels, add(chosen(RISING, index), turned));
  const falling = mapColors(channels, sub(chosen(FALLING, index), turned));
  return maximum(minimum(maximum(rising, falling), most), least);
}
