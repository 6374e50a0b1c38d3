/**
 * The interface of a method of self-supervised learning. A plugin imports these types alone: the SDK is handed in as
 * the context, so that a plugin from one URL and an SDK from another never hold two copies of the same code.
 *
 * @module
 */
import type { DType } from "../engine/graph/dtype.ts";
import type { Shape } from "../engine/graph/shape.ts";
import type { Value } from "../engine/graph/value.ts";
import type { Initializer } from "../engine/nn/initializers.ts";
import type * as initializers from "../engine/nn/initializers.ts";
import type { MlpLayer } from "../engine/nn/mlp.ts";
import type * as operators from "../engine/ops/mod.ts";
import type * as losses from "../losses/mod.ts";
import type { ManifestLike, OptionsOf } from "./manifest.ts";

/** A function from one tensor to another that owns named parameters. */
export type Network = (x: Value) => Value;

/**
 * The networks of one role. `online` is trained by the loss; `momentum` follows it by an exponential moving average
 * (momentum encoder, target network), is never trained, and starts as its exact copy.
 */
export interface Encoder {
  /** The backbone: images `[N,3,H,W]` to features `[N,width]`, of any size that the views have. */
  readonly backbone: Network;
  /** Width of the backbone's features. */
  readonly width: number;
  /**
   * A perceptron under a name, such as `projector` or `predictor`. The name stands in the parameters' names, by which
   * parameter rules find it.
   */
  mlp(name: string, layers: readonly MlpLayer[]): Network;
  /** A parameter of the method's own under a name, such as prototypes. */
  parameter(name: string, shape: Shape, initializer: Initializer): Value;
}

/** The roles that encoders have. */
export type Role = "online" | "momentum";

/** A tensor that is kept from step to step, such as a queue. */
export interface Buffer {
  /** What it holds: what was last written in this step, or what the step before left. */
  read(): Value;
  /** What it holds from now on; a value of the same type. */
  write(value: Value): void;
}

/** What the SDK hands to a method. */
export interface MethodContext<Options = Readonly<Record<string, unknown>>> {
  /** The method's options, checked against the manifest's schema, defaults filled in. */
  readonly options: Options;
  /** The views of the batch, `[N,3,H,W]` each, normalised, in the order of the recipes. */
  readonly views: readonly Value[];
  /** Number of samples in the batch. */
  readonly batchSize: number;
  /** Weight of each pair of views, `[N]`, mean 1: ones, or the quality of generated pairs. */
  readonly pairWeights: Value;
  /** The operators of the engine. */
  readonly ops: typeof operators;
  /** The losses of the SDK. */
  readonly losses: typeof losses;
  /** Distributions of initial values. */
  readonly initializers: typeof initializers;
  /** The networks of a role. */
  encoder(role: Role): Encoder;
  /** A tensor under a name that is kept from step to step. */
  buffer(name: string, shape: Shape, initializer: Initializer, dtype?: DType): Buffer;
  /** A scalar that a schedule of the configuration sets at each step, such as `momentum` or `temperature`. */
  scheduled(name: string): Value;
  /**
   * Projects a parameter after each update, such as prototypes to unit length. No gradient flows
   * through it.
   */
  constrain(parameter: Value, constraint: (updated: Value) => Value): void;
  /**
   * Refuses options or views that the method cannot work with. What it throws is shown as the user's mistake, in one
   * line; any other error of a plugin is shown as a fault of its code, with file and line.
   *
   * @param message the rule and what was found, such as `projectorLayers must be below 4, found 7`
   */
  refuse(message: string): never;
}

/** What a method wants minimised and shown. */
export interface MethodOutputs {
  /** The scalar to minimise. */
  readonly loss: Value;
  /** Embeddings `[N,D]` by which collapse is measured: for most methods the projector's output. */
  readonly embeddings: Value;
  /** Further scalars to log, by name. */
  readonly metrics?: Readonly<Record<string, Value>>;
}

/** A method of self-supervised learning: a manifest and a function that builds its graph once. */
export interface Method<M extends ManifestLike = ManifestLike> {
  /** Name, options, presets: all that is known before any code runs. */
  readonly manifest: M;
  /** Builds the loss from symbolic views. */
  build(context: MethodContext<OptionsOf<M>>): MethodOutputs;
}
