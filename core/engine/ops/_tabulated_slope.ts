/**
 * The slope of GELU by a table, for float16 on CUDA, where no kernel has it: with the product by the gradient 13 passes over the
 * tensor where the formula takes 23.
 *
 * @module
 */
import { encodeNumbers } from "../graph/numbers.ts";
import { tensor } from "../graph/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import { cast } from "./cast.ts";
import { clip } from "./clip.ts";
import { gather } from "./gather.ts";
import { mul } from "./mul.ts";

/** Entries for each unit of x: the reciprocal of the spacing of float16 from {@linkcode WHOLE} on. */
const PER_UNIT = 4096;

/** From here on each number of float16 has an entry of its own; below, several share one, and the slope hardly differs. */
const WHOLE = 0.25;

/** Largest magnitude of x that has entries: beyond, the slope is 0 or 1 to float16. */
const LARGEST = 8;

const density = (x: number): number => Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);

/** Phi(x) + x phi(x) at whole steps of x from 0 on, then at the negative ones, which are indices from the end. */
function slopes(): Float64Array {
  const last = LARGEST * PER_UNIT;
  const found = new Float64Array(2 * last + 1).fill(0.5);
  let distribution = 0.5;
  for (let step = 1; step <= last; step++) {
    const x = step / PER_UNIT;
    distribution += (density(x - 1 / PER_UNIT) + density(x)) / (2 * PER_UNIT);
    // A number between two steps is at the one nearer to 0.
    const beyond = x < WHOLE ? 0.5 / PER_UNIT : 0;
    const slope = distribution + beyond * density(x) + (x + beyond) * density(x + beyond);
    found[step] = slope;
    found[found.length - step] = 1 - slope;
  }
  return found;
}

function tableOf(values: Float64Array): Value {
  return constant(tensor("float16", [values.length], encodeNumbers("float16", values)));
}

let table: Value | undefined;

/** The slope at each x of float16, to a unit in the last place. */
export function tabulatedSlope(x: Value): Value {
  table ??= tableOf(slopes());
  const step = mul(clip(x, { min: -LARGEST, max: LARGEST }), PER_UNIT);
  return gather(table, cast(step, "int32"));
}
