/**
 * One training step on a device: two graphs, whose parameters, optimizer state and buffers never leave it. The first
 * computes the loss, the gradients and what the forward pass writes to the buffers; the second takes all of that over.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { gradients } from "../../engine/autodiff/gradients.ts";
import { filled, sameType, type Tensor, type TensorType } from "../../engine/graph/tensor.ts";
import { formatType } from "../../engine/graph/tensor.ts";
import { input, type Value } from "../../engine/graph/value.ts";
import { encodeModel } from "../../engine/onnx/encode_model.ts";
import { type ConvTuning, withConvTuning } from "../../engine/ops/convolution/tuning.ts";
import {
  buildUpdate,
  type Optimizer,
  type ParameterRule,
  type UpdateGraph,
} from "../../engine/optim/mod.ts";
import {
  type Binding,
  CPU,
  type Device,
  DeviceTensor,
  type Placement,
  Session,
  type SessionOptions,
} from "../../engine/ort/mod.ts";
import { embeddingSpread } from "./embedding_spread.ts";
import { followedBy, type MethodGraph } from "./method_graph.ts";

/** How a step is computed. */
export interface TrainingStepOptions extends Placement {
  readonly optimizer: Optimizer;
  readonly rules?: readonly ParameterRule[];
  /** Largest norm of the whole gradient; any when left out. */
  readonly clipGradientNorm?: number;
  /** Options of the device's execution provider, as in `{ use_tf32: "0" }` for CUDA. */
  readonly providerOptions?: Readonly<Record<string, string>>;
  /** Path prefix of Chrome traces, for profiling. */
  readonly profile?: string;
  /** Formulations of the convolutions' gradients: the tuning that the graph was built with. */
  readonly tuning?: ConvTuning;
}

/** What a step tells. */
export interface StepResult {
  readonly loss: number;
  /** See `embeddingSpread`. */
  readonly spread: number;
  /** Norm of the whole gradient, before clipping. */
  readonly gradientNorm: number;
  /** The method's own scalars. */
  readonly metrics: Readonly<Record<string, number>>;
}

const METRIC = "metric.";
const WRITTEN = "written.";

/** The first graph's outputs: loss, spread, metrics, `gradient.NAME`, and `written.NAME` of the buffers. */
function gradientOutputs(graph: MethodGraph, trained: readonly Value[]): Record<string, Value> {
  const outputs: Record<string, Value> = {
    loss: graph.loss,
    spread: embeddingSpread(graph.embeddings),
  };
  for (const [name, value] of Object.entries(graph.metrics ?? {})) outputs[METRIC + name] = value;
  const found = gradients(graph.loss, trained);
  trained.forEach((parameter, i) => {
    const gradient = found[i];
    if (gradient === undefined) {
      throw new GenviewTypeError(
        `Cannot train "${nameOf(parameter)}": the loss does not depend on it, ` +
          "or only through a stopped gradient",
      );
    }
    outputs[`gradient.${nameOf(parameter)}`] = gradient;
  });
  for (const [name, value] of graph.scope.written) outputs[WRITTEN + name] = value;
  return outputs;
}

function nameOf({ source }: Value): string {
  if (source.kind !== "input") throw new Error("Internal: a parameter is an input of the graph");
  return source.name;
}

function buildUpdateOf(
  graph: MethodGraph,
  trained: readonly Value[],
  options: TrainingStepOptions,
): UpdateGraph {
  const averages = [...graph.scope.declarations.values()].flatMap(({ name, kind }) => {
    const source = followedBy(name);
    return kind === "fixed" && source !== undefined ? [{ target: name, source }] : [];
  });
  return buildUpdate({
    parameters: trained,
    optimizer: options.optimizer,
    rules: options.rules ?? [],
    gradientNorm: true,
    exponentialMovingAverages: averages,
    constraints: graph.constraints,
    ...(options.clipGradientNorm !== undefined && { clipGradientNorm: options.clipGradientNorm }),
  });
}

/** Initial values of the parameters; the momentum encoder's are the online encoder's. */
export function initialWeights(graph: MethodGraph, seed: number): Map<string, Tensor> {
  const weights = graph.scope.initialize(seed);
  for (const name of weights.keys()) {
    const source = followedBy(name);
    const followed = source === undefined ? undefined : weights.get(source);
    if (followed !== undefined) weights.set(name, followed);
  }
  return weights;
}

/** A method's training step, compiled and bound. */
export class TrainingStep implements Disposable {
  /** Parameters and buffers where they lie, by full name. */
  readonly weights: ReadonlyMap<string, DeviceTensor>;
  /** The optimizer's slots where they lie, by full name. */
  readonly slots: ReadonlyMap<string, DeviceTensor>;
  /** The views `[N,3,H,W]`, to be written before each step. */
  readonly views: readonly DeviceTensor<"float32">[];
  /** Weights of the pairs `[N]`, ones at first. */
  readonly pairWeights: DeviceTensor<"float32">;
  /** Parameter rules that no parameter follows. */
  readonly warnings: readonly string[];
  readonly #owned: DisposableStack;
  readonly #scalars: ReadonlyMap<string, DeviceTensor<"float32">>;
  readonly #results: ReadonlyMap<string, DeviceTensor>;
  readonly #sessions: readonly Session[];
  readonly #forward: Binding;
  readonly #update: Binding;

  private constructor(parts: TrainingStepParts) {
    this.weights = parts.weights;
    this.slots = parts.slots;
    this.views = parts.views;
    this.pairWeights = parts.pairWeights;
    this.warnings = parts.warnings;
    this.#owned = parts.owned;
    this.#scalars = parts.scalars;
    this.#results = parts.results;
    this.#sessions = parts.sessions;
    this.#forward = parts.forward;
    this.#update = parts.update;
  }

  /**
   * Differentiates, encodes and loads a method's graphs and puts its state on the device.
   *
   * @param model values of all parameters and buffers, by full name
   * @param optimizer values of the optimizer's slots; their initial ones when left out
   * @throws {TypeError} if the loss does not depend on a parameter, or a tensor is missing or of another shape
   */
  static async create(
    graph: MethodGraph,
    options: TrainingStepOptions,
    model: ReadonlyMap<string, Tensor>,
    optimizer?: ReadonlyMap<string, Tensor>,
  ): Promise<TrainingStep> {
    const owned = new DisposableStack();
    try {
      return new TrainingStep(await assemble(owned, graph, options, model, optimizer));
    } catch (error) {
      owned.dispose();
      throw error;
    }
  }

  /** Names of the scalars that each step is fed. */
  get scalars(): readonly string[] {
    return [...this.#scalars.keys()];
  }

  /**
   * Takes one step on the views. If the loss is not a finite number, nothing changes and the gradient's norm is NaN.
   *
   * @param scalars the learning rate and the other scalars of {@linkcode TrainingStep.scalars}, by name
   * @throws {TypeError} if a scalar is missing
   */
  async run(scalars: Readonly<Record<string, number>>): Promise<StepResult> {
    for (const [name, target] of this.#scalars) {
      const value = scalars[name];
      if (value === undefined) {
        throw new GenviewTypeError(`Cannot take a step: scalar "${name}" is missing`);
      }
      target.write(filled("float32", [], value));
    }
    const read = (name: string) => Number(this.#results.get(name)!.read().data[0]);
    await this.#forward.run();
    const loss = read("loss");
    const finite = Number.isFinite(loss);
    if (finite) await this.#update.run();
    return {
      loss,
      spread: read("spread"),
      gradientNorm: finite ? read("gradient_norm") : NaN,
      metrics: Object.fromEntries(
        [...this.#results.keys()].filter((name) => name.startsWith(METRIC))
          .map((name) => [name.slice(METRIC.length), read(name)]),
      ),
    };
  }

  /**
   * Ends profiling; returns the paths of the two traces.
   *
   * @throws {TypeError} if option `profile` was not given, or profiling has ended
   */
  endProfiling(): string[] {
    return this.#sessions.map((session) => session.endProfiling());
  }

  /** Releases the sessions and all tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

interface TrainingStepParts {
  readonly owned: DisposableStack;
  readonly weights: ReadonlyMap<string, DeviceTensor>;
  readonly slots: ReadonlyMap<string, DeviceTensor>;
  readonly views: readonly DeviceTensor<"float32">[];
  readonly pairWeights: DeviceTensor<"float32">;
  readonly scalars: ReadonlyMap<string, DeviceTensor<"float32">>;
  readonly results: ReadonlyMap<string, DeviceTensor>;
  readonly warnings: readonly string[];
  readonly sessions: readonly Session[];
  readonly forward: Binding;
  readonly update: Binding;
}

/** The tensors that a graph declares, on the device, with the values that are given for them. */
function place(
  declared: Iterable<readonly [string, TensorType]>,
  given: ReadonlyMap<string, Tensor>,
  put: (value: Tensor) => DeviceTensor,
): Map<string, DeviceTensor> {
  const placed = new Map<string, DeviceTensor>();
  for (const [name, type] of declared) {
    const value = given.get(name);
    if (value === undefined || !sameType(value, type)) {
      throw new GenviewTypeError(
        `Cannot start training: "${name}" must be a ${formatType(type)}, found ${
          value === undefined ? "none" : formatType(value)
        }`,
      );
    }
    placed.set(name, put(value));
  }
  return placed;
}

async function assemble(
  owned: DisposableStack,
  graph: MethodGraph,
  options: TrainingStepOptions,
  model: ReadonlyMap<string, Tensor>,
  optimizer: ReadonlyMap<string, Tensor> | undefined,
): Promise<TrainingStepParts> {
  const { device } = options;
  const declarations = [...graph.scope.declarations.values()];
  const trained = declarations.filter(({ kind }) => kind === "trainable").map(({ value }) => value);
  const firstOutputs = withConvTuning(
    options.tuning ?? {},
    () => gradientOutputs(graph, trained),
  );
  const update = buildUpdateOf(graph, trained, options);
  // What the forward pass wrote to the buffers is taken over together with the new parameters.
  const secondOutputs = { ...update.outputs };
  for (const [name, value] of graph.scope.written) {
    secondOutputs[`next.${name}`] = input(WRITTEN + name, value.dtype, value.shape);
  }

  const put = (value: Tensor) => owned.use(DeviceTensor.from(value, device));
  const types = declarations.map(({ name, value }) => [name, value.type] as const);
  const weights = place(types, model, put);
  const initialSlots = new Map(
    update.slots.map(({ name, type, initial }) => [name, filled(type.dtype, type.shape, initial)]),
  );
  const slotTypes = update.slots.map(({ name, type }) => [name, type] as const);
  const slots = place(slotTypes, optimizer ?? initialSlots, put);
  const views = graph.views.map(({ type }) =>
    owned.use(DeviceTensor.empty({ dtype: "float32", shape: type.shape }, device))
  );
  const pairWeights = owned.use(
    DeviceTensor.from(filled("float32", graph.pairWeights.shape, 1), device),
  );
  const scalarNames = [
    ...update.scalars,
    ...[...graph.scheduled.keys()].map((n) => `scheduled.${n}`),
  ];
  const scalars = new Map(
    scalarNames.map((name) => [
      name,
      owned.use(DeviceTensor.from(filled("float32", [], 0), device)),
    ]),
  );
  const results = new Map<string, DeviceTensor>();
  const make = (name: string, type: TensorType, where: Device = device) => {
    const made = owned.use(DeviceTensor.empty(type, where));
    results.set(name, made);
    return made;
  };

  const session = async (name: string, outputs: Readonly<Record<string, Value>>) => {
    const settings: SessionOptions = {
      device,
      strict: device.provider !== "cpu",
      threads: options.threads,
      ...(options.providerOptions && { providerOptions: options.providerOptions }),
      ...(options.profile !== undefined && { profile: `${options.profile}-${name}` }),
    };
    return owned.use(await Session.create(encodeModel({ outputs }), settings));
  };
  const first = await session("gradients", firstOutputs);
  const second = await session("update", secondOutputs);

  const known = new Map<string, DeviceTensor>([...weights, ...slots, ...scalars]);
  views.forEach((view, i) => known.set(`views.${i}`, view));
  known.set("pair_weights", pairWeights);
  const bound = (of: Session) =>
    Object.fromEntries(of.inputs.map(({ name }) => [name, known.get(name) ?? results.get(name)!]));
  const isScalar = (name: string) =>
    name === "loss" || name === "spread" || name.startsWith(METRIC);
  const made = Object.fromEntries(
    Object.entries(firstOutputs).map(([name, { type }]) => [
      name,
      isScalar(name) ? make(name, type, CPU) : make(name, type),
    ]),
  );
  const forward = owned.use(first.bind(bound(first), made));
  const taken = Object.fromEntries(
    Object.entries(secondOutputs).map(([name, { type }]) => {
      if (!name.startsWith("next.")) return [name, make(name, type, CPU)];
      return [name, known.get(name.slice("next.".length))!];
    }),
  );
  const updating = owned.use(second.bind(bound(second), taken));
  return {
    owned,
    weights,
    slots,
    views,
    pairWeights,
    scalars,
    results,
    warnings: update.warnings,
    sessions: [first, second],
    forward,
    update: updating,
  };
}
