/**
 * A method applied to a backbone: the symbolic training pass that its plugin describes.
 *
 * @module
 */
import type { Backbone } from "../../backbones/backbone.ts";
import { elementCount } from "../../engine/graph/shape.ts";
import { input, type Value } from "../../engine/graph/value.ts";
import { Scope } from "../../engine/nn/scope.ts";
import { viewName } from "../../engine/optim/step_names.ts";
import type { LoadedMethod } from "../../method/load.ts";
import { runPlugin } from "../../method/plugin_error.ts";
import type { MethodOutputs } from "../../method/method.ts";
import { type Applications, DIRECT } from "./applications.ts";
import { ContextInputs, type SharedInputs, type WeightedPair } from "./context_inputs.ts";
import { makeContext } from "./method_context.ts";
import { checkOutputs, checkValue } from "./method_outputs.ts";
import { checkInputs, checkViewCount, pairsRead, type UsedInputs } from "./method_inputs.ts";
import type { PermutationInputs } from "./permutation.ts";
import { validate } from "../../schema/validate.ts";

/** What a method is applied to. */
export interface MethodGraphOptions {
  /** The network that is trained. */
  readonly backbone: Backbone;
  /** Height and width of each view, in pixels. */
  readonly viewSizes: readonly number[];
  /** Samples in a batch, over all processes. */
  readonly batchSize: number;
  /** Options of the method, without defaults. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Whether batch norm takes its statistics from the samples of all processes (default false). */
  readonly syncBatchNorm?: boolean;
}

/** A method applied to symbolic views. */
export interface AppliedMethod extends MethodOutputs {
  /** All parameters and buffers, and what the pass writes. */
  readonly scope: Scope;
  /** The views, `[N,3,H,W]` each. */
  readonly views: readonly Value[];
  /** The weights of the pairs of views that the loss reads, `[N]` each; those of views 0 and 1 where it reads none. */
  readonly pairs: readonly WeightedPair[];
  /** Scalars that schedules set, by name. */
  readonly scheduled: ReadonlyMap<string, Value>;
  /** Counts of steps and epochs that the method reads, as inputs. */
  readonly counters: readonly Value[];
  /** Permutations that are drawn for each step, by name. */
  readonly permutations: ReadonlyMap<string, PermutationInputs>;
  /** All inputs that the plugin asks for. */
  readonly inputs: ContextInputs;
  /** What parameters become after each update, by full name. */
  readonly constraints: ReadonlyMap<string, (updated: Value) => Value>;
  /** Whether a parameter stays as it is in a step, bool `[]`, by full name. */
  readonly frozen: ReadonlyMap<string, Value>;
  /** The method's options, defaults filled in. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The symbolic training pass of a method. */
export interface MethodGraph extends AppliedMethod, UsedInputs {}

/**
 * Applies a method to symbolic views.
 *
 * @param applications how its networks are applied
 * @param shared what its inputs have in common with those of another part of the batch
 * @throws {TypeError} if an option or the number of views is wrong, the method's outputs are not what the interface asks
 * for, or the plugin's code has a fault, named by file and line
 */
export function applyMethod(
  method: LoadedMethod,
  { backbone, viewSizes, batchSize, options: given = {}, syncBatchNorm = false }:
    MethodGraphOptions,
  applications: Applications = DIRECT,
  shared: SharedInputs = {},
): AppliedMethod {
  const { name } = method.manifest;
  const action = `build method "${name}"`;
  checkViewCount(method.manifest, viewSizes.length);
  const options = validate<Readonly<Record<string, unknown>>>(
    { ...method.manifest.options, additionalProperties: false },
    given,
    action,
    "options",
  );
  const { declarations: known } = shared;
  const scope = new Scope({ training: true, syncBatchNorm, ...(known && { known }) });
  const views = viewSizes.map((size, i) =>
    input(viewName(i), "float32", [batchSize, 3, size, size])
  );
  const inputs = new ContextInputs(batchSize, views.length, shared);
  const constraints = new Map<string, (updated: Value) => Value>();
  const frozen = new Map<string, Value>();
  const context = makeContext({
    options,
    views,
    batchSize,
    backbone,
    scope,
    applications,
    inputs,
    frozen,
    constrain: (parameter, constraint) =>
      constraints.set(parameter, (updated) => {
        const kept = runPlugin(action, () => constraint(updated));
        return checkValue(`${action}: the constraint on "${parameter}" must give`, kept);
      }),
  });
  const outputs = runPlugin(
    action,
    () => method.build(context as Parameters<typeof method.build>[0]),
  );
  checkOutputs(action, outputs);
  const { pairs, scheduled, counters, permutations } = inputs;
  return {
    ...outputs,
    scope,
    views,
    pairs: pairsRead(outputs.loss, pairs),
    scheduled,
    counters,
    permutations,
    inputs,
    constraints,
    frozen,
    options,
  };
}

/**
 * Builds the training pass of a method.
 *
 * @throws {TypeError} if an option or the number of views is wrong, the method's outputs are not what the interface asks
 * for, the loss does not read what its manifest says, or the plugin's code has a fault, named by file and line
 */
export function buildMethodGraph(method: LoadedMethod, options: MethodGraphOptions): MethodGraph {
  const applied = applyMethod(method, options);
  const { loss, views, pairs } = applied;
  const weights = pairs.map((pair) => pair.input);
  return { ...applied, ...checkInputs(method.manifest, loss, views, weights) };
}

/** Number of trained parameters. */
export function countParameters(graph: MethodGraph): number {
  return [...graph.scope.declarations.values()].filter(({ kind }) => kind === "trainable")
    .reduce((sum, { value }) => sum + elementCount(value.shape), 0);
}
