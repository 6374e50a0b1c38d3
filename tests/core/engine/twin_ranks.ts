/**
 * Processes that compute the same, of which one is there: what passes between them is what it has itself.
 *
 * @module
 */
import type { DataOf, DType } from "../../../core/engine/graph/mod.ts";
import type { HostOperator } from "../../../core/engine/ort/mod.ts";
import type { RankGroup } from "../../../core/engine/step/mod.ts";

/** How many there seem to be. */
export const TWINS = 2;

const DTYPES: readonly DType[] = ["float32", "float64"];

function halves(input: DataOf<DType>): [DataOf<DType>, DataOf<DType>] {
  const middle = input.length / TWINS;
  return [input.subarray(0, middle), input.subarray(middle)] as [DataOf<DType>, DataOf<DType>];
}

function set(target: DataOf<DType>, source: DataOf<DType>): void {
  (target as Float32Array).set(source as Float32Array);
}

/** The collective operators of the first of them. */
export const TWIN_OPERATORS: readonly HostOperator[] = [
  {
    name: "AllReduce",
    dtypes: DTYPES,
    shape: (shape) => shape,
    compute: (x, y) => x.forEach((value, i) => y[i] = (value as number) * TWINS),
  },
  {
    name: "AllGather",
    dtypes: DTYPES,
    shape: (shape) => shape.with(0, shape[0]! * TWINS),
    compute: (x, y) => halves(y).forEach((half) => set(half, x)),
  },
  {
    name: "ReduceScatter",
    dtypes: DTYPES,
    shape: (shape) => shape.with(0, shape[0]! / TWINS),
    compute: (x, y) => halves(x)[0].forEach((value, i) => y[i] = (value as number) * TWINS),
  },
  {
    name: "OwnRows",
    dtypes: DTYPES,
    shape: (shape) => shape.with(0, shape[0]! / TWINS),
    compute: (x, y) => set(y, halves(x)[0]),
  },
];

/** Their group, as a training step takes it. */
export const TWIN_GROUP: RankGroup = {
  size: TWINS,
  operators: TWIN_OPERATORS,
  allReduce: (data, reduction) => {
    const values = "data" in data ? data.data : data;
    if (reduction === "sum") {
      values.forEach((value, i) => values[i] = (value as number) * TWINS);
    }
    return Promise.resolve();
  },
};
