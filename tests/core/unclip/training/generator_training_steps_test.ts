import { assertAlmostEquals } from "@std/assert";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import type { AutoencoderConfig } from "../../../../core/unclip/networks/autoencoder.ts";
import type { UnetConfig } from "../../../../core/unclip/networks/unet.ts";
import { remainingVariance } from "../../../../core/unclip/noise_schedule.ts";
import { mixtureOf } from "../../../../core/unclip/schedulers/scheduler.ts";
import {
  autoencoderLoss,
  type ReconstructionLoss,
} from "../../../../core/unclip/training/autoencoder_loss.ts";
import {
  denoisingLoss,
  type LossWeighting,
  minSnrWeight,
  type PredictionType,
} from "../../../../core/unclip/training/denoising_loss.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";
import { hashedTensor } from "../../engine/nn/hashed_values.ts";
import { assertFollows, pixelsOf, type StepsSetup } from "./stage_golden.ts";

/** What reference/generator_training_steps.py ran. */
interface Setup extends StepsSetup {
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
const setup: Setup = JSON.parse(await Deno.readTextFile(`${GOLDEN}.json`));
const golden = { setup, tensors: (await readSafetensors(`${GOLDEN}.safetensors`)).tensors };
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
    await assertFollows(golden, name, graph, (step) => ({
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
    await assertFollows(golden, name, graph, (step) => {
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
