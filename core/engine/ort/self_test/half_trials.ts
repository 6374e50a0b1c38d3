/**
 * Trials of float16, in which mixed precision computes.
 *
 * @module
 */
import type { Value } from "../../graph/value.ts";
import * as op from "../../ops/mod.ts";
import { mixPrecision } from "../../precision/mod.ts";
import { LOSSES, MOVES } from "./element_trials.ts";
import { CONVOLUTIONS, MAPS, PRODUCTS } from "./layer_trials.ts";
import { ofNumbers, type OperatorTrial } from "./operator_trial.ts";

/** Some steps of float16 on the way, sums in it included: WebGPU's products add up in the type of their operands. */
const TOLERANCE = 2e-2;

/** A trial as a network in mixed precision has it, given what other layers have made in float16. */
function inHalf(trial: OperatorTrial): OperatorTrial {
  const build = (inputs: Readonly<Record<string, Value>>): Value => {
    const halves = Object.entries(inputs).map(([name, x]) => [name, op.cast(x, "float16")]);
    const y = trial.build(Object.fromEntries(halves));
    return op.cast(mixPrecision({ y }, "float16").y!, "float32");
  };
  return { ...trial, name: `${trial.name} in float16`, build, tolerance: TOLERANCE };
}

/** Those that are of a given type, whatever networks compute in: attention of texts is of float32. */
const OF_GIVEN_TYPE: ReadonlySet<string> = new Set([
  "Softmax of masked scores",
  "batch normalisation of float16",
  "bytes",
]);

/** From one end of the table of slopes to the other and beyond, and on both sides of where its steps become even. */
const ALONG_TABLE = [-9, -8, -3.1, -0.75, -0.25, -0.1, -1e-3, 0, 1e-3, 0.1, 0.25, 0.75, 3.1, 8, 9];

/** Sums or quotients, whichever a comparison chooses, none of which is of float16 in other trials. */
const SUMS_AND_QUOTIENTS: OperatorTrial = {
  name: "sums and quotients",
  inputs: { a: [3, 4], b: [4] },
  build: ({ a, b }) =>
    op.where(op.less(a!, b!), op.add(a!, b!), op.div(a!, op.add(op.mul(b!, b!), 1))),
};

/** Trials of float16. */
export const HALF_TRIALS: readonly OperatorTrial[] = [
  ...[...CONVOLUTIONS, ...PRODUCTS, ...MAPS, ...MOVES, ...LOSSES]
    .filter(({ name }) => !OF_GIVEN_TYPE.has(name))
    .map(inHalf),
  inHalf({ ...ofNumbers("slopes of Gelu", (x) => op.gelu(x), ALONG_TABLE), gradients: true }),
  inHalf(SUMS_AND_QUOTIENTS),
  // An infinity, by which the scale of the loss is known to be too large.
  inHalf(ofNumbers("overflow", (x) => x, [7e4, -1e6, 400])),
];
