/**
 * A linear classifier on a device: its step and its answers.
 *
 * @module
 */
import { withTarget } from "../engine/graph/target.ts";
import { int64, tensor } from "../engine/graph/tensor.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { constantInitializer, normalInitializer } from "../engine/nn/initializers.ts";
import { linear } from "../engine/nn/linear.ts";
import { Scope } from "../engine/nn/scope.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import type { Optimizer } from "../engine/optim/mod.ts";
import { type Binding, CPU, DeviceTensor, Session } from "../engine/ort/mod.ts";
import { BoundStep, buildStep, type BuiltStep, type StepValues } from "../engine/step/mod.ts";
import { crossEntropy } from "../losses/cross_entropy.ts";
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
  /** Parameters and slots to go on from, instead of initial ones. */
  readonly start?: StepValues | undefined;
}

/** The classifier's training step, the graph of its answers, and its parameters' declarations. */
export function classifierGraphs(
  options: Omit<LinearClassifierOptions, "seed" | "start" | "device" | "threads">,
): {
  readonly scope: Scope;
  readonly step: BuiltStep;
  readonly logits: Value;
} {
  const { width, classes, batchSize, optimizer, weightDecay } = options;
  const scope = new Scope();
  const features = input("features", "float32", [batchSize, width]);
  const labels = input("labels", "int64", [batchSize]);
  const logits = linear(scope, "fc", features, {
    width: classes,
    weightInitializer: normalInitializer(0.01),
    biasInitializer: constantInitializer(0),
  });
  const parameters = [...scope.declarations.values()].map(({ value }) => value);
  const step = buildStep({
    loss: crossEntropy(logits, labels),
    batch: [features, labels],
    parameters,
    state: parameters,
    optimizer,
    weightDecay,
  });
  return { scope, step, logits };
}

/** A linear classifier whose parameters stay on their device, trained by SGD or LARS on rows that are copied to it. */
export class LinearClassifier implements Disposable {
  readonly #owned: DisposableStack;
  readonly #features: DeviceTensor<"float32">;
  readonly #labels: DeviceTensor<"int64">;
  readonly #logits: DeviceTensor<"float32">;
  /** Parameters and the optimizer's slots, where they lie. */
  readonly trained: Pick<BoundStep, "state" | "slots">;
  readonly #step: BoundStep;
  readonly #answers: Binding;

  private constructor(step: BoundStep, answers: Session, logits: Value) {
    using owned = new DisposableStack();
    this.#step = step;
    this.trained = step;
    this.#features = step.input("features", "float32");
    this.#labels = step.input("labels", "int64");
    this.#logits = owned.use(DeviceTensor.empty({ dtype: "float32", shape: logits.shape }));
    const batch = { features: this.#features, ...Object.fromEntries(step.state) };
    this.#answers = owned.use(answers.bind(batch, { logits: this.#logits }));
    this.#owned = owned.move();
  }

  /** Draws the weight from N(0, 0.01), sets the bias to zero, and compiles the graphs; or goes on from a start. */
  static async create(options: LinearClassifierOptions): Promise<LinearClassifier> {
    const { device = CPU, threads, seed } = options;
    const placement = { device, threads };
    const { scope, step, logits } = withTarget(
      { provider: device.provider },
      () => classifierGraphs(options),
    );
    using owned = new DisposableStack();
    const start = options.start ?? { state: scope.initialize(seed) };
    const bound = owned.use(await BoundStep.create(step, placement, start));
    const answers = owned.use(
      await Session.create(encodeModel({ outputs: { logits } }), placement),
    );
    const classifier = new LinearClassifier(bound, answers, logits);
    classifier.#owned.use(owned.move());
    return classifier;
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
    return (await this.#step.run(scalars)).loss;
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
