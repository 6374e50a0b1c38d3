/**
 * A method applied to a backbone: the symbolic training pass that its plugin describes.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import type { Backbone } from "../../backbones/backbone.ts";
import { elementCount } from "../../engine/graph/shape.ts";
import { formatType } from "../../engine/graph/tensor.ts";
import { input, Value } from "../../engine/graph/value.ts";
import * as initializers from "../../engine/nn/initializers.ts";
import { mlp } from "../../engine/nn/mlp.ts";
import { Scope } from "../../engine/nn/scope.ts";
import * as operators from "../../engine/ops/mod.ts";
import { PAIR_WEIGHTS, scheduledName, viewName } from "../../engine/optim/step_names.ts";
import * as losses from "../../losses/mod.ts";
import type { LoadedMethod } from "../../method/load.ts";
import { PluginRefusal, runPlugin } from "../../method/plugin_error.ts";
import type { Encoder, MethodContext, MethodOutputs, Role } from "../../method/method.ts";
import { checkInputs, checkViewCount } from "./method_inputs.ts";
import { validate } from "../../schema/validate.ts";

/** Name under which the parameters of the momentum encoder lie. */
export const MOMENTUM_ENCODER = "momentum_encoder";

/** What a method is applied to. */
export interface MethodGraphOptions {
  /** The network that is trained. */
  readonly backbone: Backbone;
  /** Height and width of each view, in pixels. */
  readonly viewSizes: readonly number[];
  /** Samples in a batch. */
  readonly batchSize: number;
  /** Options of the method, without defaults. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The symbolic training pass of a method. */
export interface MethodGraph extends MethodOutputs {
  /** All parameters and buffers, and what the pass writes. */
  readonly scope: Scope;
  /** The views, `[N,3,H,W]` each. */
  readonly views: readonly Value[];
  /** The weights of the pairs, `[N]`. */
  readonly pairWeights: Value;
  /** Indices of the views that the loss does not depend on. */
  readonly unusedViews: readonly number[];
  /** Whether the loss depends on the weights of the pairs. */
  readonly usesPairWeights: boolean;
  /** Scalars that schedules set, by name. */
  readonly scheduled: ReadonlyMap<string, Value>;
  /** What parameters become after each update, by full name. */
  readonly constraints: ReadonlyMap<string, (updated: Value) => Value>;
  /** The method's options, defaults filled in. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Full name of a parameter's counterpart that the momentum encoder follows, or undefined. */
export function followedBy(name: string): string | undefined {
  return name.startsWith(`${MOMENTUM_ENCODER}.`)
    ? name.slice(MOMENTUM_ENCODER.length + 1)
    : undefined;
}

function makeEncoder(scope: Scope, role: Role, backbone: Backbone): Encoder {
  const within = <T>(build: (scope: Scope) => T): T =>
    role === "online" ? build(scope) : scope.enter(MOMENTUM_ENCODER, build, { frozen: true });
  return {
    width: backbone.width,
    backbone: (images) =>
      within((place) => place.enter("backbone", (inner) => backbone.apply(inner, images))),
    mlp: (name, layers) => (x) => within((place) => mlp(place, name, x, layers)),
    parameter: (name, shape, initializer) =>
      within((place) => place.parameter(name, shape, initializer)),
  };
}

/**
 * Builds the training pass of a method.
 *
 * @throws {TypeError} if an option or the number of views is wrong, the method's outputs are not what the interface asks
 * for, the loss does not read what its manifest says, or the plugin's code has a fault, named by file and line
 */
export function buildMethodGraph(
  method: LoadedMethod,
  { backbone, viewSizes, batchSize, options: given = {} }: MethodGraphOptions,
): MethodGraph {
  const { name } = method.manifest;
  const action = `build method "${name}"`;
  checkViewCount(method.manifest, viewSizes.length);
  const options = validate<Readonly<Record<string, unknown>>>(
    { ...method.manifest.options, additionalProperties: false },
    given,
    action,
    "options",
  );
  const scope = new Scope({ training: true });
  const views = viewSizes.map((size, i) =>
    input(viewName(i), "float32", [batchSize, 3, size, size])
  );
  const pairWeights = input(PAIR_WEIGHTS, "float32", [batchSize]);
  const scheduled = new Map<string, Value>();
  const constraints = new Map<string, (updated: Value) => Value>();

  const context: MethodContext = {
    options,
    views,
    batchSize,
    pairWeights,
    ops: operators,
    losses,
    initializers,
    encoder: (role) => makeEncoder(scope, role, backbone),
    buffer: (bufferName, shape, initializer, dtype) => {
      const read = () => scope.buffer(bufferName, shape, initializer, dtype);
      read();
      return { read, write: (value) => scope.write(bufferName, value) };
    },
    scheduled: (scalarName) => {
      const known = scheduled.get(scalarName) ?? input(scheduledName(scalarName), "float32", []);
      scheduled.set(scalarName, known);
      return known;
    },
    constrain: (parameter, constraint) => {
      const { source } = parameter;
      if (source.kind !== "input" || scope.declarations.get(source.name)?.kind !== "trainable") {
        throw new GenviewTypeError("Cannot constrain a value that is not a trained parameter");
      }
      constraints.set(source.name, (updated) => runPlugin(action, () => constraint(updated)));
    },
    refuse: (message) => {
      throw new PluginRefusal(message);
    },
  };
  const outputs = runPlugin(
    action,
    () => method.build(context as Parameters<typeof method.build>[0]),
  );
  if (outputs instanceof Promise) {
    outputs.catch(() => {
      // That it is a promise at all is the fault that is reported.
    });
    throw new GenviewTypeError(
      `Cannot build method "${name}": its build function must return { loss, embeddings }, found a promise; it must ` +
        "not be async",
    );
  }
  for (const output of ["loss", "embeddings"] as const) {
    if (outputs?.[output] instanceof Value) continue;
    throw new GenviewTypeError(
      `Cannot build method "${name}": its build function must return { loss, embeddings }, found no ${output}`,
    );
  }
  if (outputs.loss.rank !== 0) {
    throw new GenviewTypeError(
      `Cannot build method "${name}": its loss must be a scalar, found ${
        formatType(outputs.loss.type)
      }`,
    );
  }
  if (outputs.embeddings.rank !== 2) {
    throw new GenviewTypeError(
      `Cannot build method "${name}": its embeddings must be [N,D], found ${
        formatType(outputs.embeddings.type)
      }`,
    );
  }
  const used = checkInputs(method.manifest, outputs.loss, views, pairWeights);
  return { ...outputs, ...used, scope, views, pairWeights, scheduled, constraints, options };
}

/** Number of trained parameters. */
export function countParameters(graph: MethodGraph): number {
  return [...graph.scope.declarations.values()].filter(({ kind }) => kind === "trainable")
    .reduce((sum, { value }) => sum + elementCount(value.shape), 0);
}
