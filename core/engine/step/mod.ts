/**
 * Training steps: a loss, its gradients and their update as two models, built symbolically and bound to a device.
 *
 * @example A line through points
 * ```ts
 * import { BoundStep, buildStep } from "./mod.ts";
 * import { float32, input } from "../graph/mod.ts";
 * import { mul, reduceMean, sub } from "../ops/mod.ts";
 * import { sgd } from "../optim/mod.ts";
 * import { CPU } from "../ort/mod.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [x, y] = [input("x", "float32", [2]), input("y", "float32", [2])];
 * const slope = input("slope", "float32", []);
 * const residual = sub(y, mul(slope, x));
 * const built = buildStep({
 *   loss: reduceMean(mul(residual, residual)),
 *   parameters: [slope],
 *   state: [slope],
 *   batch: [x, y],
 *   optimizer: sgd({ momentum: 0 }),
 *   weightDecay: false,
 * });
 * using step = await BoundStep.create(built, { device: CPU }, {
 *   state: new Map([["slope", float32([], [0])]]),
 * });
 * step.input("x", "float32").write(float32([2], [1, 1]));
 * step.input("y", "float32").write(float32([2], [3, 3]));
 * const { loss } = await step.run({ learning_rate: 0.5 });
 * assertEquals(loss, 9);
 * assertEquals([...step.state.get("slope")!.read().data], [3]);
 * ```
 *
 * @module
 */
export { BoundStep, type StepOutcome } from "./bound_step.ts";
export { buildStep, type BuiltStep, type StepOptions, type StepTensor } from "./build_step.ts";
export type { BoundStepOptions, StepValues } from "./step_tensors.ts";
export type { RankGroup } from "./rank_group.ts";
