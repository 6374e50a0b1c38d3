import { GenviewRangeError } from "../../errors/mod.ts";
import { defineOp } from "../graph/op.ts";
import { sameShape } from "../graph/shape.ts";
import { scalar, type Value } from "../graph/value.ts";
import { checkIndices } from "./_indices.ts";
import { expand } from "./expand.ts";
import { gather } from "./gather.ts";
import { reshape } from "./reshape.ts";

const ScatterND = defineOp({
  type: "ScatterND",
  inputs: ["x", "indices", "rows"],
  outputs: ["y"],
  precision: "widest",
  infer: ({ x, indices, rows }) => {
    checkIndices(indices);
    const expected = [indices.shape[0]!, ...x.shape.slice(1)];
    if (rows.dtype !== x.dtype || !sameShape(rows.shape, expected)) {
      throw new GenviewRangeError(
        `rows must be ${x.dtype}[${expected.join(",")}], found ${rows.dtype}[${
          rows.shape.join(",")
        }]`,
      );
    }
    return { y: x };
  },
  // The rows that were replaced pass no gradient to x; it goes to what replaced them.
  gradient: ({ indices, rows, dy }) => {
    const places = reshape(indices, [-1]);
    const nothing = expand(scalar(0, dy.dtype), rows.shape);
    return { x: scatterRows(dy, places, nothing), rows: gather(dy, places, { unique: true }) };
  },
});

/**
 * The tensor with some of its rows (elements of its first axis) replaced.
 *
 * @param indices int64 `[n]`, which rows; none twice
 * @param rows `[n, ...]`, what replaces them
 */
export function scatterRows(x: Value, indices: Value, rows: Value): Value {
  return ScatterND({ x, indices: reshape(indices, [-1, 1]), rows }, {}).y;
}
