/**
 * A linear classifier on a device: its step and its answers.
 *
 * @module
 */
import { gradients } from "../engine/autodiff/gradients.ts";
import { filled, int64, type Tensor, tensor } from "../engine/graph/tensor.ts";
import type { Shape } from "../engine/graph/shape.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { constantInitializer, normalInitializer } from "../engine/nn/initializers.ts";
import { linear } from "../engine/nn/linear.ts";
import { Scope } from "../engine/nn/scope.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import { logSoftmax } from "../engine/ops/log_softmax.ts";
import { mul } from "../engine/ops/mul.ts";
import { oneHot } from "../engine/ops/one_hot.ts";
import { reduceSum } from "../engine/ops/reduce_sum.ts";
import { buildUpdate, type Optimizer } from "../engine/optim/mod.ts";
import { type Binding, CPU, DeviceTensor, Session } from "../engine/ort/mod.ts";
import type { ComputeOptions } from "./similarities.ts";

/** What a {@linkcode LinearClassifier} is made of. */
export interface LinearClassifierOptions extends ComputeOptions {
  readonly width: number;
  readonly classes: number;
  /** Rows in a step. */
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  readonly weightDecay: boolean;
  /** Seed of the initial weight. */
  readonly seed: number;
}

/** Mean cross entropy of classes, `[N]`, under logits, `[N,C]`. */
function crossEntropy(logits: Value, labels: Value): Value {
  const [count, classes] = logits.shape as [number, number];
  const chosen = mul(logSoftmax(logits), oneHot(labels, classes, { dtype: logits.dtype }));
  return mul(reduceSum(chosen), -1 / count);
}

/** The classifier's parameters, the graph of its loss and of its gradients, and that of its update. */
function buildGraphs(options: LinearClassifierOptions) {
  const { width, classes, batchSize, optimizer, weightDecay } = options;
  const scope = new Scope();
  const logits = linear(scope, "fc", input("features", "float32", [batchSize, width]), {
    width: classes,
    weightInitializer: normalInitializer(0.01),
    biasInitializer: constantInitializer(0),
  });
  const parameters = [...scope.declarations.values()].map(({ value }) => value);
  const names = [...scope.declarations.keys()];
  const loss = crossEntropy(logits, input("labels", "int64", [batchSize]));
  const found = gradients(loss, parameters);
  const byName: Record<string, Value> = Object.fromEntries(
    names.map((name, i) => [`gradient.${name}`, found[i]!]),
  );
  const update = buildUpdate({ parameters, optimizer, weightDecay });
  return { scope, logits, loss, gradients: byName, update };
}

type Graphs = ReturnType<typeof buildGraphs>;
type Tensors = Readonly<Record<string, DeviceTensor>>;

function named(entries: readonly (readonly [string, DeviceTensor])[]): Tensors {
  return Object.fromEntries(entries);
}

/** A linear classifier whose parameters stay on their device, trained by SGD or LARS on rows that are copied to it. */
export class LinearClassifier implements Disposable {
  readonly #owned: DisposableStack;
  readonly #features: DeviceTensor<"float32">;
  readonly #labels: DeviceTensor<"int64">;
  readonly #loss: DeviceTensor<"float32">;
  readonly #logits: DeviceTensor<"float32">;
  readonly #scalars: Tensors;
  readonly #gradients: Binding;
  readonly #update: Binding;
  readonly #answers: Binding;

  private constructor(
    owned: DisposableStack,
    { scope, logits, gradients, update }: Graphs,
    sessions: { gradients: Session; update: Session; answers: Session },
    { seed, width, batchSize, device = CPU }: LinearClassifierOptions,
  ) {
    this.#owned = owned;
    const own = <T extends Disposable>(value: T): T => owned.use(value);
    const onHost = <D extends "float32" | "int64">(dtype: D, shape: Shape) =>
      own(DeviceTensor.empty({ dtype, shape }));
    this.#features = onHost("float32", [batchSize, width]);
    this.#labels = onHost("int64", [batchSize]);
    this.#loss = onHost("float32", []);
    this.#logits = onHost("float32", logits.shape);
    this.#scalars = named(update.scalars.map((name) => [name, onHost("float32", [])]));

    const copied = (value: Tensor) => own(DeviceTensor.from(value, device));
    const parameters = named(
      [...scope.initialize(seed)].map(([name, value]) => [name, copied(value)]),
    );
    const slots = named(
      update.slots.map(({ name, type: { dtype, shape }, initial }) => [
        name,
        copied(filled(dtype, shape, initial)),
      ]),
    );
    const kept = { ...parameters, ...slots };
    const next = named(Object.entries(kept).map(([name, value]) => [`next.${name}`, value]));
    const found = named(
      Object.entries(gradients).map(([name, { type }]) => [
        name,
        own(DeviceTensor.empty(type, device)),
      ]),
    );
    const batch = { features: this.#features, ...parameters };
    this.#gradients = own(
      sessions.gradients.bind({ ...batch, labels: this.#labels }, { loss: this.#loss, ...found }),
    );
    this.#update = own(sessions.update.bind({ ...kept, ...found, ...this.#scalars }, next));
    this.#answers = own(sessions.answers.bind(batch, { logits: this.#logits }));
  }

  /** Draws the weight from N(0, 0.01), sets the bias to zero, and compiles the graphs. */
  static async create(options: LinearClassifierOptions): Promise<LinearClassifier> {
    const { device = CPU, threads } = options;
    const graphs = buildGraphs(options);
    const owned = new DisposableStack();
    const load = async (outputs: Readonly<Record<string, Value>>) =>
      owned.use(
        await Session.create(encodeModel({ outputs }), {
          device,
          threads,
        }),
      );
    try {
      const sessions = {
        gradients: await load({ loss: graphs.loss, ...graphs.gradients }),
        update: await load(graphs.update.outputs),
        answers: await load({ logits: graphs.logits }),
      };
      return new LinearClassifier(owned, graphs, sessions, options);
    } catch (error) {
      owned.dispose();
      throw error;
    }
  }

  /**
   * Takes one step.
   *
   * @param features a whole batch, row-major
   * @param labels its classes
   * @param scalars learning rate and weight decay
   * @returns the loss before the step
   */
  async step(
    features: Float32Array<ArrayBuffer>,
    labels: readonly number[],
    scalars: Readonly<Record<string, number>>,
  ): Promise<number> {
    this.#features.write(tensor("float32", this.#features.type.shape, features));
    this.#labels.write(int64(this.#labels.type.shape, labels));
    for (const [name, value] of Object.entries(this.#scalars)) {
      value.write(filled("float32", [], scalars[name]!));
    }
    await this.#gradients.run();
    await this.#update.run();
    return this.#loss.data[0]!;
  }

  /**
   * Logits of a whole batch, row-major; overwritten by the next call.
   *
   * @param features a whole batch, row-major
   */
  async answer(features: Float32Array<ArrayBuffer>): Promise<Float32Array> {
    this.#features.write(tensor("float32", this.#features.type.shape, features));
    await this.#answers.run();
    return this.#logits.data;
  }

  /** Releases sessions and tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
