/**
 * What is computed in float32 of float16 and bfloat16 too, whose rounding would add up.
 *
 * @module
 */
import type { Value } from "../graph/value.ts";
import { cast } from "./cast.ts";

/** What a function makes of a value; of float16 and bfloat16 it is computed in float32, and rounded to their type. */
export function inFloat32(x: Value, compute: (wide: Value) => Value): Value {
  if (x.dtype !== "float16" && x.dtype !== "bfloat16") return compute(x);
  return cast(compute(cast(x, "float32")), x.dtype);
}
