/**
 * Types of half the width where a device has no kernels for them: float16 and bfloat16 on the CPU, and of bfloat16 some
 * operators on CUDA. On the CPU ONNX Runtime would convert float16 by itself, and leave out most of the rounding on the way:
 * results that depend on how operators follow each other, and overflows that are never seen.
 *
 * @module
 */
import { type NamedValues, type Node, nodesLeadingTo, producer, resolve } from "../graph/node.ts";
import { asBuilt, reapply } from "../graph/op.ts";
import type { Value } from "../graph/value.ts";
import { hasKernel } from "../onnx/kernels/check_kernel.ts";
import { cast } from "../ops/cast.ts";

/** Operators that compute nothing, of which the CPU has kernels for every type. */
const MOVES: ReadonlySet<string> = new Set([
  "Cast",
  "Concat",
  "Gather",
  "GatherElements",
  "Identity",
  "Reshape",
  "ScatterND",
  "Slice",
  "Transpose",
]);

function isHalf({ dtype }: Value): boolean {
  return dtype === "float16" || dtype === "bfloat16";
}

function mapped(values: NamedValues, map: (value: Value) => Value): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, map(value)]]
    ),
  );
}

/** Whether a device computes a node of one of these types by itself. */
function isNative({ op, target }: Node, made: Readonly<Record<string, Value>>): boolean {
  if ((target.computedBy ?? target.provider) === "cpu") return MOVES.has(op.type);
  const [first] = Object.values(made);
  const node = first === undefined ? undefined : producer(first);
  return node === undefined || hasKernel(node);
}

/** What a node makes of other inputs: computed in float32 and rounded, where its device has no kernel for it. */
function remade(node: Node, inputs: Readonly<Record<string, Value>>): Record<string, Value> {
  const { outputs } = node;
  const same = reapply(node, inputs);
  const isOfHalf = [...Object.values(inputs), ...Object.values(outputs)].some(isHalf);
  if (!isOfHalf || isNative(node, same)) return same;
  const wide = (value: Value) => isHalf(value) ? cast(value, "float32") : value;
  const made = reapply(node, mapped(inputs, wide));
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { dtype }]) => [name, cast(made[name]!, dtype)]),
  );
}

/**
 * The same values, whose nodes of float16 and bfloat16 that their device has no kernels for compute in float32, of what is
 * rounded to these types, and round what they make, as such kernels do. Composites are opened: to be applied to a graph that
 * is differentiated already.
 *
 * @param values by name, all of one graph
 */
export function roundWithoutKernels(
  values: Readonly<Record<string, Value>>,
): Record<string, Value> {
  const made = new Map<Value, Value>();
  const of = (value: Value) => made.get(resolve(value)) ?? resolve(value);
  for (const node of nodesLeadingTo(Object.values(values), true)) {
    const inputs = mapped(node.inputs, of);
    const isSame = Object.entries(inputs).every(([name, value]) => value === node.inputs[name]);
    if (isSame && ![...Object.values(inputs), ...Object.values(node.outputs)].some(isHalf)) {
      continue;
    }
    const outputs = asBuilt(node, () => remade(node, inputs));
    for (const [name, value] of Object.entries(node.outputs)) made.set(value, outputs[name]!);
  }
  return mapped(values, of);
}
