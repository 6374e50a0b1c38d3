/**
 * Scopes: the named parameters and buffers of a network, under the names of its PyTorch state dict.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import type { DType } from "../graph/dtype.ts";
import { withinLayer } from "../graph/layer_path.ts";
import { encodeNumbers } from "../graph/numbers.ts";
import { sameShape, type Shape } from "../graph/shape.ts";
import { formatType, sameType, type Tensor, tensor, type TensorType } from "../graph/tensor.ts";
import { input, type Value } from "../graph/value.ts";
import { RandomStream } from "../random/random_stream.ts";
import type { Initializer } from "./initializers.ts";

/** A named tensor that a network owns. */
export interface Declaration {
  /** Full name, which is the key in the state dict. */
  readonly name: string;
  /** The graph's input of that name. */
  readonly value: Value;
  /** Draws the initial values. */
  readonly initializer: Initializer;
  /** A parameter that is trained, one that stays as it is, or a buffer that the forward pass writes. */
  readonly kind: "trainable" | "fixed" | "buffer";
}

/** Options of a {@linkcode Scope}. */
export interface ScopeOptions {
  /** Whether layers behave as in training: batch statistics, dropout (default false). */
  readonly training?: boolean;
  /** Element type of the parameters (default float32). */
  readonly dtype?: DType;
  /** What a residual branch of a transformer becomes before it is added, such as dropped (default: itself). */
  readonly residualBranch?: (branch: Value) => Value;
  /**
   * Whether batch norm in training takes its statistics from the samples of all processes of the graph, and not from those
   * of each (default false).
   */
  readonly syncBatchNorm?: boolean;
  /**
   * Declarations of another scope whose graph this one's goes on with: what is declared under the same name, and of the same
   * type, is the same value (default: none).
   */
  readonly known?: ReadonlyMap<string, Declaration>;
}

/** What holds for all that is built in a place and below. */
export interface PlaceOptions {
  /** Whether all parameters stay untrained (default: as around it). */
  readonly frozen?: boolean;
  /** Parts of the batch that batch norm normalises apart in training (default: as around it, 1 at the root). */
  readonly batchNormGroups?: number;
  /**
   * Views of each sample, interleaved in the batch (default: as around it, 1 at the root). Batch norm takes
   * each as a batch of its own in training, one after the other.
   */
  readonly views?: number;
}

interface Store {
  readonly training: boolean;
  readonly dtype: DType;
  readonly residualBranch: (branch: Value) => Value;
  readonly syncBatchNorm: boolean;
  readonly known: ReadonlyMap<string, Declaration>;
  readonly declarations: Map<string, Declaration>;
  /** What each buffer has become so far in the forward pass. */
  readonly written: Map<string, Value>;
}

/**
 * A place in a network's tree of names. Asking twice for the same parameter gives the same value, so a network that
 * is applied to several views shares its weights, and its buffers pass from one view to the next.
 *
 * ```ts
 * import { constantInitializer } from "./initializers.ts";
 * import { Scope } from "./scope.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const scope = new Scope({ training: true });
 * scope.enter("layer1", (layer) => layer.parameter("weight", [4, 2], constantInitializer(1)));
 * assertEquals([...scope.declarations.keys()], ["layer1.weight"]);
 * ```
 */
export class Scope {
  /** Path of this place, empty at the root. */
  readonly path: string;
  /** Parts of the batch that batch norm normalises apart in training. */
  readonly batchNormGroups: number;
  /** Views of each sample, interleaved in the batch, each a batch of its own to batch norm. */
  readonly views: number;
  readonly #frozen: boolean;
  readonly #store: Store;

  /** Called without arguments but the options; places within the tree come from {@linkcode Scope.enter}. */
  constructor(
    options: ScopeOptions = {},
    path = "",
    place: PlaceOptions = {},
    store: Store | undefined = undefined,
  ) {
    this.path = path;
    this.batchNormGroups = place.batchNormGroups ?? 1;
    this.views = place.views ?? 1;
    this.#frozen = place.frozen ?? false;
    this.#store = store ?? {
      training: options.training ?? false,
      dtype: options.dtype ?? "float32",
      residualBranch: options.residualBranch ?? ((branch) => branch),
      syncBatchNorm: options.syncBatchNorm ?? false,
      known: options.known ?? new Map(),
      declarations: new Map(),
      written: new Map(),
    };
  }

  /** Whether all parameters that are declared here stay untrained, as a momentum encoder's do. */
  get frozen(): boolean {
    return this.#frozen;
  }

  /** Whether layers behave as in training. */
  get training(): boolean {
    return this.#store.training;
  }

  /** Element type of the parameters. */
  get dtype(): DType {
    return this.#store.dtype;
  }

  /** Whether batch norm in training takes its statistics from the samples of all processes of the graph. */
  get syncBatchNorm(): boolean {
    return this.#store.syncBatchNorm;
  }

  /** What a residual branch becomes before it is added. */
  residualBranch(branch: Value): Value {
    return this.#store.residualBranch(branch);
  }

  /** All that has been declared in the whole tree, by full name, in the order of declaration. */
  get declarations(): ReadonlyMap<string, Declaration> {
    return this.#store.declarations;
  }

  /** The buffers that the forward pass has written, by full name. */
  get written(): ReadonlyMap<string, Value> {
    return this.#store.written;
  }

  /**
   * Builds a part of the network under a name; errors within it name the path.
   *
   * @param place what holds for all of it
   */
  enter<T>(name: string, build: (scope: Scope) => T, place: PlaceOptions = {}): T {
    const full = this.#fullName(name);
    const child = new Scope({}, full, { ...this.#place, ...place }, this.#store);
    return withinLayer(child.path, () => build(child));
  }

  /**
   * Builds under the same path, with other settings for what is built.
   *
   * @param place what holds for all of it
   */
  within<T>(place: PlaceOptions, build: (scope: Scope) => T): T {
    return build(new Scope({}, this.path, { ...this.#place, ...place }, this.#store));
  }

  /**
   * A parameter under a name: declared the first time, the same value from then on.
   *
   * @param options.trainable whether gradients and the optimizer see it (default true)
   * @throws {TypeError} if it was declared with another shape or as a buffer
   */
  parameter(
    name: string,
    shape: Shape,
    initializer: Initializer,
    options: { readonly trainable?: boolean } = {},
  ): Value {
    const trainable = !this.#frozen && (options.trainable ?? true);
    const kind = trainable ? "trainable" : "fixed";
    return this.#declare(name, this.dtype, shape, initializer, kind);
  }

  /**
   * A buffer under a name: what the forward pass has last written to it, or what it was before the step.
   *
   * @param dtype element type (default: the parameters')
   */
  buffer(name: string, shape: Shape, initializer: Initializer, dtype: DType = this.dtype): Value {
    const before = this.#declare(name, dtype, shape, initializer, "buffer");
    return this.#store.written.get(this.#fullName(name)) ?? before;
  }

  /**
   * Writes a buffer: later reads in the same forward pass, and the next step, see the new value.
   *
   * @throws {TypeError} if there is no such buffer, or its type differs
   */
  write(name: string, value: Value): void {
    const full = this.#fullName(name);
    const declared = this.#store.declarations.get(full);
    if (declared?.kind !== "buffer") {
      throw new GenviewTypeError(`Cannot write "${full}": no buffer of this name was declared`);
    }
    if (!sameType(declared.value.type, value.type)) {
      throw new GenviewTypeError(
        `Cannot write buffer "${full}": it is ${formatType(declared.value.type)}, found ${
          formatType(value.type)
        }`,
      );
    }
    this.#store.written.set(full, value);
  }

  /**
   * Initial values of all that is declared, each sampled from a stream named by the seed and its own name.
   *
   * @throws {RangeError} if an integer type cannot hold one of them
   */
  initialize(seed: number): Map<string, Tensor> {
    return new Map(
      [...this.declarations.values()].map(({ name, value, initializer }) => [
        name,
        convert(
          name,
          value.type,
          initializer(value.shape, new RandomStream(seed, "initialize", name)),
        ),
      ]),
    );
  }

  get #place(): Required<PlaceOptions> {
    const { batchNormGroups, views } = this;
    return { frozen: this.#frozen, batchNormGroups, views };
  }

  #fullName(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }

  #declare(
    name: string,
    dtype: DType,
    shape: Shape,
    initializer: Initializer,
    kind: Declaration["kind"],
  ): Value {
    const full = this.#fullName(name);
    const known = this.#store.declarations.get(full);
    if (known !== undefined) {
      if (
        known.kind !== kind || known.value.dtype !== dtype || !sameShape(known.value.shape, shape)
      ) {
        throw new GenviewTypeError(
          `Cannot declare ${kind} "${full}" as ${formatType({ dtype, shape })}: ` +
            `it is already a ${known.kind} ${formatType(known.value.type)}`,
        );
      }
      return known.value;
    }
    const other = this.#store.known.get(full)?.value;
    const value = other !== undefined && sameType(other.type, { dtype, shape })
      ? other
      : input(full, dtype, shape);
    this.#store.declarations.set(full, { name: full, value, initializer, kind });
    return value;
  }
}

function convert(
  name: string,
  { dtype, shape }: TensorType,
  values: Float32Array<ArrayBuffer>,
): Tensor {
  if (dtype === "float32") return tensor("float32", shape, values);
  try {
    return tensor(dtype, shape, encodeNumbers(dtype, values));
  } catch (cause) {
    throw new GenviewRangeError(`Cannot initialise "${name}": ${(cause as Error).message}`, {
      cause,
    });
  }
}
