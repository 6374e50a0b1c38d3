/**
 * A linear classifier on a device: its step and its answers.
 *
 * @module
 */
import { type ProcessGroup, rankGroup, type RankPart } from "../distributed/mod.ts";
import { currentRanks, withTarget } from "../engine/graph/target.ts";
import { int64, tensor } from "../engine/graph/tensor.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { constantInitializer, normalInitializer } from "../engine/nn/initializers.ts";
import { linear } from "../engine/nn/linear.ts";
import { Scope } from "../engine/nn/scope.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import { mul } from "../engine/ops/mul.ts";
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
  /** Ranks that take each step together, each with a part of its own of the rows. */
  readonly group?: ProcessGroup | undefined;
}

/** Label of a row that is none: it fills a rank's part, and counts for nothing. */
const NO_LABEL = -1;

/** Rows of a rank's part of a step, of which the last ranks fill as many as there are. */
function partRows(batchSize: number, ranks: number): number {
  return Math.ceil(batchSize / ranks);
}

/**
 * The classifier's training step, the graph of its answers, and its parameters' declarations; of the target's ranks, for
 * one's part of the rows.
 */
export function classifierGraphs(
  options: Omit<LinearClassifierOptions, "seed" | "start" | "group" | "device" | "threads">,
): {
  readonly scope: Scope;
  readonly step: BuiltStep;
  readonly logits: Value;
} {
  const { width, classes, batchSize, optimizer, weightDecay } = options;
  const scope = new Scope();
  const rows = partRows(batchSize, currentRanks());
  const features = input("features", "float32", [rows, width]);
  const labels = input("labels", "int64", [rows]);
  const logits = linear(scope, "fc", features, {
    width: classes,
    weightInitializer: normalInitializer(0.01),
    biasInitializer: constantInitializer(0),
  });
  const parameters = [...scope.declarations.values()].map(({ value }) => value);
  const loss = crossEntropy(logits, labels);
  // The mean over rows that ranks have in full is one over fewer where the last of them have not.
  const filling = rows * currentRanks() / batchSize;
  const step = buildStep({
    loss: filling === 1 ? loss : mul(loss, filling),
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
  /** The rows of each step that this rank takes; all of them where it is alone. */
  readonly part: RankPart;
  readonly #step: BoundStep;
  readonly #answers: Binding;

  private constructor(step: BoundStep, answers: Session, logits: Value, part: RankPart) {
    using owned = new DisposableStack();
    this.#step = step;
    this.part = part;
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
    const { device = CPU, threads, seed, group, batchSize } = options;
    const placement = { device, threads };
    const { scope, step, logits } = withTarget(
      { provider: device.provider, ranks: group?.size ?? 1 },
      () => classifierGraphs(options),
    );
    using owned = new DisposableStack();
    const start = options.start ?? { state: scope.initialize(seed) };
    const bound = owned.use(
      await BoundStep.create(
        step,
        { ...placement, ...(group && { group: rankGroup(group) }) },
        start,
      ),
    );
    const answers = owned.use(
      await Session.create(encodeModel({ outputs: { logits } }), placement),
    );
    const rows = partRows(batchSize, group?.size ?? 1);
    const from = (rank: number) => Math.min(batchSize, rank * rows);
    const { rank } = group ?? { rank: 0 };
    const part = { start: from(rank), end: from(rank + 1) };
    const classifier = new LinearClassifier(bound, answers, logits, part);
    classifier.#owned.use(owned.move());
    return classifier;
  }

  /** Rows that go in at once: of several ranks, those of the largest part of a step. */
  get rows(): number {
    return this.#labels.type.shape[0]!;
  }

  /**
   * Takes one step, on all ranks at once.
   *
   * @param features of {@linkcode LinearClassifier.rows}, row-major; those behind this rank's part do not count
   * @param labels classes of this rank's {@linkcode LinearClassifier.part}
   * @param scalars learning rate and weight decay
   * @returns the loss before the step, of all ranks
   */
  async step(
    features: Float32Array<ArrayBuffer>,
    labels: readonly number[],
    scalars: Readonly<Record<string, number>>,
  ): Promise<number> {
    this.#features.write(tensor("float32", this.#features.type.shape, features));
    const filled = Array.from({ length: this.rows }, (_, row) => labels[row] ?? NO_LABEL);
    this.#labels.write(int64(this.#labels.type.shape, filled));
    return (await this.#step.run(scalars)).loss;
  }

  /**
   * Logits of as many rows as go in at once, row-major; overwritten by the next call.
   *
   * @param features of {@linkcode LinearClassifier.rows}, row-major
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
