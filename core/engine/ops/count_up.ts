import { producer } from "../graph/node.ts";
import { defineComposite } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { add } from "./add.ts";

/** A step of a counter: what it was, and what is added. */
export interface CountStep {
  /** A counter. */
  readonly before: Value;
  /** How far it counts. */
  readonly by: number;
}

const CountUp = defineComposite({
  type: "CountUp",
  inputs: ["before"],
  outputs: ["y"],
  precision: "itself",
  expand: ({ before }, { by }: { readonly by: number }) => ({ y: add(before, by) }),
  gradient: "none",
});

/** A counter, further by a number. Where it is a buffer of a training step, the update counts those of all layers at once. */
export function countUp(before: Value, by: number): Value {
  return CountUp({ before }, { by }).y;
}

/** The step that a value is the result of, if it is a counter. */
export function countStep(value: Value): CountStep | undefined {
  const node = producer(value);
  if (node?.op.type !== "CountUp") return undefined;
  return { before: node.inputs.before!, by: (node.attributes as { readonly by: number }).by };
}
