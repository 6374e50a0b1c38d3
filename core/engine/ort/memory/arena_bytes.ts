/**
 * How much memory the intermediate values of models take.
 *
 * @module
 */
import type { ModelTrace } from "../../onnx/model_trace.ts";
import { Arena, type Block } from "./arena.ts";
import { mergeEqualNodes } from "./merge_equal_nodes.ts";
import { pushTransposes } from "./push_transposes.ts";
import { planBuffers, type PlannedBuffer } from "./buffer_plan.ts";

/** Runs after which an arena has all that it will ever need, in practice. */
const MOST_ROUNDS = 4;

/** Takes and gives back the buffers of one run, in its order. */
function runThrough(arena: Arena, buffers: readonly PlannedBuffer[]): void {
  const starts = Map.groupBy(buffers, ({ from }) => from);
  const ends = Map.groupBy(buffers, ({ until }) => until);
  const held = new Map<PlannedBuffer, Block>();
  const steps = [...new Set([...starts.keys(), ...ends.keys()])].sort((a, b) => a - b);
  for (const step of steps) {
    for (const buffer of starts.get(step) ?? []) held.set(buffer, arena.take(buffer.bytes));
    for (const buffer of ends.get(step) ?? []) arena.release(held.get(buffer)!);
  }
}

/**
 * Bytes that the arena of host memory holds after models have run in turn, again and again, each with inputs and outputs
 * that lie elsewhere. The kernels' own scratch memory is not counted: on the CPU it is small.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { input } from "../../graph/value.ts";
 * import { encodeModel } from "../../onnx/encode_model.ts";
 * import { traceModel } from "../../onnx/model_trace.ts";
 * import { exp } from "../../ops/exp.ts";
 * import { matMul } from "../../ops/mat_mul.ts";
 * import { arenaBytes } from "./arena_bytes.ts";
 *
 * const x = input("x", "float32", [64, 64]);
 * const product = matMul(x, x);
 * const model = encodeModel({ outputs: { y: matMul(exp(product), x) }, typed: true });
 * // The exponentials are written over the product; the result is the caller's.
 * assertEquals(arenaBytes([traceModel(model)]), 64 * 64 * 4);
 * ```
 *
 * @param models in the order of their runs
 */
export function arenaBytes(models: readonly ModelTrace[]): number {
  const plans = models.map((model) => planBuffers(pushTransposes(mergeEqualNodes(model))));
  const arena = new Arena();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const before = arena.bytes;
    for (const plan of plans) runThrough(arena, plan);
    if (arena.bytes === before) break;
  }
  return arena.bytes;
}
