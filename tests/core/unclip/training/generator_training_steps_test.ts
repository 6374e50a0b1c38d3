import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Shape } from "../../../../core/engine/graph/shape.ts";
import { float32, type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import { adamW } from "../../../../core/engine/optim/mod.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import { BoundStep } from "../../../../core/engine/step/bound_step.ts";
import type { AutoencoderConfig } from "../../../../core/unclip/networks/autoencoder.ts";
import type { UnetConfig } from "../../../../core/unclip/networks/unet.ts";
import { remainingVariance } from "../../../../core/unclip/noise_schedule.ts";
import { mixtureOf } from "../../../../core/unclip/schedulers/scheduler.ts";
import {
  autoencoderLoss,
  type ReconstructionLoss,
} from "../../../../core/unclip/training/autoencoder_loss.ts";
import {
  buildStage,
  type StageGraph,
  withAverages,
} from "../../../../core/unclip/training/built_stage.ts";
import {
  denoisingLoss,
  type LossWeighting,
  minSnrWeight,
  type PredictionType,
} from "../../../../core/unclip/training/denoising_loss.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";
import { hashedParameter, hashedTensor, sampledIndices } from "../../engine/nn/hashed_values.ts";
import { euclideanNorm, relativeError } from "../../engine/nn/relative_error.ts";

/** What reference/generator_training_steps.py ran. */
interface Setup {
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly epsilon: number;
  readonly clipGradientNorm: number;
  readonly averageDecay: number;
  readonly samples: number;
  readonly imageSize: number;
  readonly klWeight: number;
  readonly latentSize: number;
  readonly tokens: number;
  readonly minSnrGamma: number;
  readonly autoencoders: Readonly<Record<string, ReconstructionLoss>>;
  readonly cases: Readonly<
    Record<
      string,
      {
        readonly predictionType: PredictionType;
        readonly lossWeighting: LossWeighting;
        /** What the names of parameters begin with that stay as they are. */
        readonly frozen?: string;
        readonly adaptiveGroupNorm?: boolean;
      }
    >
  >;
}

const GOLDEN =
  new URL("../../../../fixtures/golden/generator_training_steps", import.meta.url).pathname;
const { tensors: golden } = await readSafetensors(`${GOLDEN}.safetensors`);
const setup: Setup = JSON.parse(await Deno.readTextFile(`${GOLDEN}.json`));
const { batchSize } = setup;

const AUTOENCODER: AutoencoderConfig = {
  imageChannels: 3,
  latentChannels: 4,
  channels: [6, 12],
  layersPerLevel: 1,
  groups: 3,
  scale: 1,
};

const UNET: Omit<UnetConfig, "adaptiveGroupNorm"> = {
  latentChannels: 4,
  sampleSize: setup.latentSize,
  levels: [
    { channels: 8, heads: 1, attendsDown: false, attendsUp: false },
    { channels: 16, heads: 2, attendsDown: true, attendsUp: false },
  ],
  layersPerLevel: 1,
  groups: 4,
  epsilon: 1e-5,
  textWidth: 12,
  classWidth: 10,
};

type Batch = Readonly<Record<string, Tensor>>;

/** Hashed bytes. */
function pixelsOf(name: string, shape: Shape): Tensor<"uint8"> {
  const { data } = hashedTensor(name, shape);
  return tensor("uint8", shape, Uint8Array.from(data, (value) => Math.floor(128 * value + 128)));
}

/** Takes the steps of a case, and compares every number of a step and what became of every parameter and average. */
async function assertFollows(
  name: string,
  graph: StageGraph,
  batchOf: (step: number) => Batch,
  frozen?: string,
): Promise<void> {
  const { epsilon, clipGradientNorm, learningRate, weightDecay, averageDecay } = setup;
  const optimization = { beta1: 0.9, beta2: 0.999, epsilon, clipGradientNorm };
  const stage = buildStage(graph, {
    ...optimization,
    ...(frozen !== undefined && { isFrozen: (key) => key.startsWith(frozen) }),
  });
  const initial = withAverages(
    new Map(
      [...graph.scope.declarations].map((
        [key, { value }],
      ) => [key, hashedParameter(key, value.shape)]),
    ),
  );
  const { stepScalars } = adamW(optimization);
  using step = await BoundStep.create(
    stage.step,
    { device: CPU, threads: 1 },
    { state: initial },
  );
  const series: Record<string, number[]> = {};
  for (let at = 0; at < setup.steps; at++) {
    for (const [key, value] of Object.entries(batchOf(at))) {
      step.input(key, value.dtype).write(value);
    }
    const { loss, outputs, measures } = await step.run({
      learning_rate: learningRate,
      weight_decay: weightDecay,
      average_rate: 1 - averageDecay,
      ...stepScalars(at),
    });
    const found = { losses: loss, norms: measures["gradient_norm"]!, ...outputs };
    for (const [key, value] of Object.entries(found)) (series[key] ??= []).push(value);
  }
  for (const [key, values] of Object.entries(series)) {
    golden.get(`${name}/${key}`)!.data.forEach((wanted, i) => {
      const error = Math.abs(values[i]! / Number(wanted) - 1);
      assert(error <= 1e-3, `${key}[${i}] differs from PyTorch's ${wanted} by ${error}`);
    });
  }
  const prefix = `${name}/value/`;
  const names = [...golden.keys()].filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
  assertEquals([...step.state.keys()].sort(), names.sort());
  for (const key of names) {
    assertTensor(name, key, initial.get(key)!, step.state.get(key)!.read());
  }
}

/** Compares a parameter or an average with PyTorch's, and how far it has moved. */
function assertTensor(name: string, key: string, initial: Tensor, final: Tensor): void {
  const [before, after] = [initial, final].map(({ data }) => Array.from(data, Number));
  const wanted = golden.get(`${name}/value/${key}`)!.data;
  const indices = sampledIndices(key, after!.length, setup.samples);
  const value = relativeError(after!, wanted, indices);
  assert(value <= 1e-3, `${key} differs from PyTorch's by ${value}`);
  const [norm] = golden.get(`${name}/norm/${key}`)!.data;
  const length = Math.abs(euclideanNorm(after!) / Number(norm) - 1);
  assert(length <= 1e-3, `the norm of ${key} differs from PyTorch's by ${length}`);
  const [change] = golden.get(`${name}/change/${key}`)!.data;
  const moved = euclideanNorm(after!.map((number, i) => number - before![i]!));
  // What is frozen does not move at all.
  if (Number(change) === 0) return assertEquals(moved, 0, key);
  const error = Math.abs(moved / Number(change) - 1);
  // Of a bias that takes no part, such as that of keys, nothing but the decay and rounding moves.
  assert(error <= 1e-2, `${key} has moved by ${moved}, and PyTorch's by ${change}`);
}

for (const [name, reconstructionLoss] of Object.entries(setup.autoencoders)) {
  Deno.test(`autoencoderLoss() is trained as diffusers' AutoencoderKL in PyTorch: ${reconstructionLoss}`, async () => {
    const { imageSize: size, klWeight } = setup;
    const graph = autoencoderLoss({
      config: AUTOENCODER,
      batchSize,
      size,
      reconstructionLoss,
      klWeight,
      target: { provider: "cpu" },
    });
    await assertFollows(name, graph, (step) => ({
      images: pixelsOf(`${name}/${step}/images`, [batchSize, size, size, 3]),
      noise: hashedTensor(`${name}/${step}/noise`, [batchSize, 4, size / 2, size / 2], 1.7),
    }));
  });
}

Deno.test("minSnrWeight() weighs timesteps of little noise less, by what is predicted", () => {
  // In terms of the clean latents both losses have the weight min(ratio, 5).
  for (const left of [0.999, 0.9, 0.5, 0.01]) {
    const ratio = left / (1 - left);
    const clean = Math.min(ratio, 5);
    assertAlmostEquals(minSnrWeight(left, 5, "epsilon"), clean / ratio, 1e-12);
    assertAlmostEquals(minSnrWeight(left, 5, "v_prediction"), clean / (ratio + 1), 1e-12);
  }
});

const remaining = remainingVariance({
  trainTimesteps: 1000,
  betaSchedule: "scaled_linear",
  betaStart: 0.00085,
  betaEnd: 0.012,
});

for (const [name, given] of Object.entries(setup.cases)) {
  const { predictionType, lossWeighting, frozen, adaptiveGroupNorm = false } = given;
  const parts = [
    predictionType,
    lossWeighting,
    ...(frozen ? [`${frozen}* frozen`] : []),
    ...(adaptiveGroupNorm ? ["adaptive group normalisation"] : []),
  ];
  Deno.test(`denoisingLoss() is trained as diffusers' UNet in PyTorch: ${parts.join(", ")}`, async () => {
    const { latentSize: size, tokens } = setup;
    const graph = denoisingLoss({
      config: { ...UNET, adaptiveGroupNorm },
      batchSize,
      size,
      tokens,
      predictionType,
      target: { provider: "cpu" },
    });
    const text = hashedTensor("text", [1, tokens, UNET.textWidth]).data;
    await assertFollows(name, graph, (step) => {
      const timesteps = Array.from(
        hashedTensor(`${name}/${step}/timesteps`, [batchSize]).data,
        (value) => Math.floor(500 * (value + 1)),
      );
      const left = timesteps.map((timestep) => remaining[timestep]!);
      const mixtures = left.map(mixtureOf);
      const labels = hashedTensor(`${name}/${step}/labels`, [batchSize, UNET.classWidth]);
      const dropped = step % batchSize * UNET.classWidth;
      labels.data.fill(0, dropped, dropped + UNET.classWidth);
      const weights = left.map((share) =>
        lossWeighting === "uniform" ? 1 : minSnrWeight(share, setup.minSnrGamma, predictionType)
      );
      const column = [batchSize, 1, 1, 1];
      return {
        latents: hashedTensor(`${name}/${step}/latents`, [batchSize, 4, size, size], 1.7),
        noise: hashedTensor(`${name}/${step}/noise`, [batchSize, 4, size, size], 1.7),
        timestep: float32([batchSize], timesteps),
        signal: float32(column, mixtures.map(({ signal }) => signal)),
        share: float32(column, mixtures.map(({ noise }) => noise)),
        weight: float32([batchSize], weights),
        labels,
        text: float32(
          [batchSize, tokens, UNET.textWidth],
          new Array(batchSize).fill([...text]).flat(),
        ),
      };
    }, frozen);
  });
}
