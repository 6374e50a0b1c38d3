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
 * sextants are exact: two of them permute the channels, three replace x by m + v - x. As m and v stay the same, the
 * permutation goes into the matrix of the differences.
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
import { mul } from "../../engine/ops/mul.ts";
import { round } from "../../engine/ops/round.ts";
import { split } from "../../engine/ops/split.ts";
import { sub } from "../../engine/ops/sub.ts";
import { mapColors, perSample } from "./color_map.ts";

/** Half a turn, in sextants: whole sextants of a shift lie between its negative and it. */
const HALF_TURN = 3;

/** What a shift by a number of whole sextants and a rest does, with the rest's direction. */
interface Turn {
  readonly sextants: number;
  readonly backward: boolean;
}

/** Every turn, at index 2 (sextants + 3) + backward. */
const TURNS: readonly Turn[] = Array.from({ length: 2 * (2 * HALF_TURN + 1) }, (_, i) => ({
  sextants: (i >> 1) - HALF_TURN,
  backward: i % 2 === 1,
}));

function isOdd({ sextants }: Turn): boolean {
  return sextants % 2 !== 0;
}

/** Index of the channel that so many thirds of a turn put in a channel's place. */
function channelBefore(channel: number, thirds: number): number {
  return (((channel - thirds) % 3) + 3) % 3;
}

/** The matrix whose product with a pixel has, for each channel, given multiples of it, its successor, its predecessor. */
function differences(
  turn: Turn,
  [own, successor, predecessor]: readonly [number, number, number],
): number[] {
  const rows = new Array<number>(9).fill(0);
  const thirds = (isOdd(turn) ? turn.sextants - HALF_TURN : turn.sextants) / 2;
  const sign = isOdd(turn) ? -1 : 1;
  for (let channel = 0; channel < 3; channel++) {
    const row = 3 * channel;
    rows[row + channelBefore(channel, thirds)]! += sign * own;
    rows[row + channelBefore(channel + 1, thirds)]! += sign * successor;
    rows[row + channelBefore(channel - 1, thirds)]! += sign * predecessor;
  }
  return rows;
}

/** x - n, or x - p backward, for every turn. */
const RISING = TURNS.flatMap((turn) => differences(turn, turn.backward ? [1, 0, -1] : [1, -1, 0]));

/** 2x - (x + n + p), for every turn. */
const FALLING = TURNS.flatMap((turn) => differences(turn, [1, -1, -1]));

/** Whether m + v is part of the falling branch, for every turn: an odd number of sextants takes it away again. */
const EVEN = TURNS.map((turn) => isOdd(turn) ? 0 : 1);

function chosen(table: readonly number[], index: Value, shape: readonly number[]): Value {
  return gather(constant(float32([TURNS.length, ...shape], table)), index);
}

/**
 * Pixels `[N,3,H,W]` with their hue shifted by turns `[N]`, each in [-0.5, 0.5].
 *
 * Source of what is computed, not of how: torchvision, `transforms/_functional_tensor.py` (`adjust_hue`).
 */
export function shiftHue(pixels: Value, turns: Value): Value {
  const shift = mul(turns, 2 * HALF_TURN);
  const whole = round(shift);
  const rest = sub(shift, whole);
  const backward = cast(less(rest, 0), "float32");
  const index = cast(add(mul(add(whole, HALF_TURN), 2), backward), "int64");

  const [red, green, blue] = split(pixels, [1, 1, 1], { axis: 1 });
  const most = maximum(maximum(red!, green!), blue!);
  const least = minimum(minimum(red!, green!), blue!);
  const turned = mul(sub(most, least), perSample(abs(rest)));
  const sum = mul(add(most, least), chosen(EVEN, index, [1, 1, 1]));
  const rising = add(mapColors(pixels, chosen(RISING, index, [3, 3])), add(least, turned));
  const falling = add(mapColors(pixels, chosen(FALLING, index, [3, 3])), sub(sum, turned));
  return maximum(minimum(maximum(rising, falling), most), least);
}
