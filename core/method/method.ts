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
import type { LossRange, ManifestLike, OptionsOf } from "./manifest.ts";

/** A function from one tensor to another that owns named parameters. */
export interface Network {
  (x: Value): Value;
  /**
   * Applies the network to many views at once: the backbone takes those of one size in one pass, so that its batch norm
   * sees them together, and the heads take all of them in one pass, as SwAV's `multi_cropwrapper` does.
   *
   * @param views `[N,3,H,W]` each, or what the network otherwise takes
   * @returns `[N,D]` for each view
   */
  perView(views: readonly Value[]): Value[];
  /**
   * Applies the network to each view as a call of its own would, batch norm by the statistics of that view alone, but
   * to those of one size in one pass, which is quicker. Running statistics move by one view after the other, those of one
   * size in a row.
   *
   * @param views `[N,3,H,W]` each, or what the network otherwise takes; of one N
   * @returns `[N,D]` for each view
   */
  eachView(views: readonly Value[]): Value[];
}

/** A network that is trained, and the one that follows it. */
export interface TrainedNetwork extends Network {
  /**
   * The same layers, whose parameters follow these by an exponential moving average of momentum
   * `scheduled.encoderMomentum` (momentum encoder, target network, teacher). They start as an exact copy, are never
   * trained, and no gradient flows through what they give. Their batch norm has running statistics of its own.
   */
  readonly momentum: Network;
}

/** The parameters of one role. */
export interface Encoder {
  /** The backbone: images `[N,3,H,W]` to features `[N,width]`, of any size that the views have. */
  backbone(images: Value): Value;
  /** Width of the backbone's features. */
  readonly width: number;
  /**
   * A perceptron under a name, such as `projector` or `predictor`. The name stands in the parameters' names, by which
   * parameter rules find it.
   */
  mlp(name: string, layers: readonly MlpLayer[]): (x: Value) => Value;
  /** A parameter of the method's own under a name, such as prototypes. */
  parameter(name: string, shape: Shape, initializer: Initializer): Value;
}

/** The roles that parameters have: trained by the loss, or following those by a moving average. */
export type Role = "online" | "momentum";

/** A tensor that is kept from step to step. */
export interface Buffer {
  /** What it holds: what was last written in this step, or what the step before left. */
  read(): Value;
  /** What it holds from now on; a value of the same type. */
  write(value: Value): void;
}

/** Rows of earlier steps, newest first, such as the keys of MoCo. */
export interface Queue {
  /** The rows `[length,width]` as the step before left them, unit length at first; no gradient flows through them. */
  readonly rows: Value;
  /** Whether every row has been pushed, bool `[]`. */
  readonly full: Value;
  /**
   * Puts rows in front for the next step and drops the oldest; no gradient flows into them. Of several pushes in a step
   * the last is in front.
   *
   * @param rows `[N,width]`, at most `length` of them
   * @param when bool `[]`; nothing is pushed where it is false
   */
  push(rows: Value, when?: Value): void;
}

/** A permutation of the samples of a batch, drawn anew in each step. */
export interface Permutation {
  /** Rows `[N,...]`, one of each sample, in the order of the permutation. */
  shuffle(x: Value): Value;
  /** Rows of a shuffled tensor in the order from before. */
  restore(x: Value): Value;
}

/** Options of {@linkcode MethodContext.network}. */
export interface NetworkOptions {
  /**
   * Parts of the batch that batch norm normalises apart in training, as if each lay on a device of its own (default 1).
   * Sample i belongs to part i mod groups, as in lightly's `SplitBatchNorm`.
   */
  readonly batchNormGroups?: number;
}

/** Options of {@linkcode MethodContext.head} and {@linkcode MethodContext.prototypes}. */
export interface FreezeOptions {
  /** While this bool `[]` holds, such as `ops.less(epoch, 1)`, neither gradient nor optimizer change the parameters. */
  readonly frozen?: Value;
}

/** What the SDK hands to a method. */
export interface MethodContext<Options = Readonly<Record<string, unknown>>> {
  /** The method's options, checked against the manifest's schema, defaults filled in. */
  readonly options: Options;
  /** The views of the batch, `[N,3,H,W]` each, normalised, in the order of the recipes. */
  readonly views: readonly Value[];
  /** The views before the first one of another size: all of them, or those that local views are beside. */
  readonly globalViews: readonly Value[];
  /** Number of samples in the batch. */
  readonly batchSize: number;
  /**
   * Weight of each pair of the first two views, `[N]`: ones, or the quality of generated pairs. Its mean is 1, as long as
   * no other views' weights are asked for.
   */
  readonly pairWeights: Value;
  /**
   * Weight of the pairs of any two views, `[N]`: `pairWeights` for views 0 and 1. The weights of all pairs that a method
   * asks for have mean 1 together, as in GenView++.
   *
   * @param first index of a view
   * @param second index of another
   */
  weightsOfPair(first: number, second: number): Value;
  /** Steps taken so far, float32 `[]`. */
  readonly step: Value;
  /** Epochs begun before this one, float32 `[]`. */
  readonly epoch: Value;
  /** The operators of the engine. */
  readonly ops: typeof operators;
  /** The losses of the SDK. */
  readonly losses: typeof losses;
  /** Distributions of initial values. */
  readonly initializers: typeof initializers;
  /**
   * The backbone, then perceptrons: what most methods train.
   *
   * @param heads layers of each perceptron by its name, in order; the backbone alone without
   */
  network(
    heads?: Readonly<Record<string, readonly MlpLayer[]>>,
    options?: NetworkOptions,
  ): TrainedNetwork;
  /** A perceptron of its own under a name, such as a predictor. */
  head(name: string, layers: readonly MlpLayer[], options?: FreezeOptions): TrainedNetwork;
  /** The parts of {@linkcode MethodContext.network} one by one, and parameters of the method's own. */
  encoder(role: Role): Encoder;
  /**
   * Prototypes `[count,width]`: trained rows that start with unit length and are brought back to it after each step,
   * without gradient (SwAV).
   */
  prototypes(name: string, count: number, width: number, options?: FreezeOptions): Value;
  /** A queue under a name. */
  queue(name: string, length: number, width: number): Queue;
  /** A permutation under a name. */
  permutation(name: string): Permutation;
  /**
   * A tensor that is fixed when the graph is built.
   *
   * @param data elements, row by row
   * @param dtype default float32
   */
  constant(data: ArrayLike<number>, shape: Shape, dtype?: DType): Value;
  /** A tensor under a name that is kept from step to step. */
  buffer(name: string, shape: Shape, initializer: Initializer, dtype?: DType): Buffer;
  /** A scalar that a schedule of the configuration sets at each step, such as `temperature`. */
  scheduled(name: string): Value;
  /**
   * Projects a parameter after each update, such as prototypes to unit length. No gradient flows
   * through it. A parameter has one constraint; that of {@linkcode MethodContext.prototypes} is there already.
   */
  constrain(parameter: Value, constraint: (updated: Value) => Value): void;
  /**
   * Keeps a parameter as it is while a condition holds: no gradient, no weight decay, no momentum. Of several
   * conditions any does.
   *
   * @param frozen bool `[]`, such as `ops.less(epoch, 1)`
   */
  freeze(parameter: Value, frozen: Value): void;
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
  /** The scalar to minimise, a float. */
  readonly loss: Value;
  /** Embeddings `[N,D]` by which collapse is measured: for most methods the projector's output. */
  readonly embeddings: Value;
  /** Further scalars to log, by names that the log does not have itself, such as `loss`. */
  readonly metrics?: Readonly<Record<string, Value>>;
  /** What the loss is expected to be, where that depends on options; the manifest's when left out. */
  readonly lossRange?: LossRange;
}

/** A method of self-supervised learning: a manifest and a function that builds its graph. */
export interface Method<M extends ManifestLike = ManifestLike> {
  /** Name, options, presets: all that is known before any code runs. */
  readonly manifest: M;
  /**
   * Builds the loss from symbolic views, before the first step. Where gradients are accumulated it is asked for a part of
   * the batch as well as for all of it, and must apply the same networks in the same order to both, each to what follows
   * sample by sample from views and other networks; what comes after the networks may mix samples as it likes.
   */
  build(context: MethodContext<OptionsOf<M>>): MethodOutputs;
}
