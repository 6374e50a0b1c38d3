/**
 * `deno task bench generator`: a training step of a generator's networks, and variations by it, ours against diffusers'; and
 * a step of the training of the embedded generator's image encoder, against that of open_clip's tower in PyTorch.
 *
 * Each side is a process that stays up; the rounds alternate, so that a machine that slows down slows both. Both read the
 * same folder of a generator, or the configuration by which the image encoder is trained from hashed weights, and take the
 * same hashed batches, and the figures of their first rounds must agree, so that what is compared is the same work. PyTorch
 * trains with one setting after the other, in one process with as many threads as our replicas have together.
 *
 * @module
 */
import { resolve } from "node:path";
import { backbone } from "../core/backbones/registry.ts";
import { withTarget } from "../core/engine/graph/target.ts";
import { tensor } from "../core/engine/graph/tensor.ts";
import { CPU } from "../core/engine/ort/mod.ts";
import { checkMethod } from "../core/method/load.ts";
import { readConfiguration } from "../core/method/read_configuration.ts";
import { resolveConfiguration } from "../core/method/resolve_configuration.ts";
import { optimizerOf } from "../core/train/run/run_schedules.ts";
import { deviceTuning } from "../core/train/step/conv_autotune.ts";
import { buildMethodGraph } from "../core/train/step/method_graph.ts";
import { TrainingStep } from "../core/train/step/training_step.ts";
import { latentFactor } from "../core/unclip/networks/autoencoder.ts";
import { autoencoderLoss } from "../core/unclip/training/autoencoder_loss.ts";
import { buildStage, withAverages } from "../core/unclip/training/built_stage.ts";
import { denoisingLoss } from "../core/unclip/training/denoising_loss.ts";
import { checkReplicas, openStageStep } from "../core/unclip/training/replicated_step.ts";
import { readAutoencoder, readUnet } from "../core/unclip/training/published_parts.ts";
import {
  findUnclip,
  parseTextEncoder,
  PublishedFolder,
  UnclipPipeline,
} from "../core/unclip/mod.ts";
import simclr from "../plugins/simclr/mod.ts";
import { type Command, parse, runTask } from "../tasks/cli/command_line.ts";
import { hashedTensor } from "../tests/core/engine/nn/hashed_values.ts";
import { alternate, answerRounds, describeComparison, imagesPerSecond } from "./alternate.ts";
import { chosenNames } from "./chosen_names.ts";
import { DENO_RUN, Peer } from "./peer.ts";
import { printProcessor } from "./processor.ts";
import { hashedWeights } from "./train_methods.ts";

const STAGES = ["image-encoder", "autoencoder", "unet", "variations"] as const;
const SETTINGS = ["eager", "channels-last", "compiled", "compiled-channels-last"] as const;

/** Largest relative difference of the sides' first figures. */
const SAME_WORK = 2e-3;

/** The same of variations, whose images have 8 bits here, and whose embeddings have some noise at the lowest level there. */
const SAME_PICTURES = 2e-2;

/** How the embedded generator's image encoder is trained. */
const RECIPE = new URL("../configs/generator_image_encoder.json", import.meta.url).pathname;

/** The diffusion's mixture and step of all samples of a batch. */
const MIXTURE = { signal: 0.8, share: 0.6, timestep: 500 };

const COMMAND: Command = {
  name: "bench generator",
  summary:
    "Compares a training step of a generator's networks, and variations by it, with diffusers', and one of its image encoder with PyTorch's, alternating.",
  examples: [{
    command: "deno task bench generator --python python3",
    does: "with the interpreter that has diffusers; the embedded generator",
  }, {
    command: "deno task bench generator --python python3 --model runs/generator/model --only unet",
    does: "a step of the UNet of a generator of one's own",
  }, {
    command: "deno task bench generator --python python3 --only image-encoder --batch 64",
    does: "a step of SimCLR as the embedded generator's image encoder takes it, whatever the model",
  }],
  options: {
    type: "object",
    properties: {
      python: {
        type: "string",
        default: "python3",
        description:
          "interpreter with diffusers, and for the image encoder open_clip, timm and torchvision",
      },
      model: {
        type: "string",
        default: "embedded",
        description: "folder of a generator, or embedded",
      },
      only: {
        type: "string",
        enum: ["", ...STAGES],
        default: "",
        description: "one comparison instead of all",
      },
      batch: { type: "integer", minimum: 1, default: 32, description: "images of a round" },
      rounds: { type: "integer", minimum: 1, default: 7, description: "rounds of each side" },
      threads: { type: "integer", minimum: 1, default: 2, description: "threads of each side" },
      replicas: {
        type: "integer",
        minimum: 1,
        default: 2,
        description:
          "replicas of the autoencoder or UNet that share our side's threads in training",
      },
      steps: {
        type: "integer",
        minimum: 1,
        default: 12,
        description: "steps of DPM-Solver++ of a variation",
      },
      guidance: {
        type: "number",
        minimum: 1,
        default: 3,
        description: "guidance scale of a variation",
      },
      settings: {
        type: "string",
        default: SETTINGS.join(","),
        description: "settings of PyTorch's training, between commas",
      },
      json: { type: "boolean", default: false, description: "a line of JSON for each comparison" },
      worker: { type: "string", default: "", description: "be our side of one of them" },
    },
  },
};

interface Options {
  readonly python: string;
  readonly model: string;
  readonly only: string;
  readonly batch: number;
  readonly rounds: number;
  readonly threads: number;
  readonly replicas: number;
  readonly steps: number;
  readonly guidance: number;
  readonly settings: string;
  readonly json: boolean;
  readonly worker: string;
}

const OPTIMIZATION = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, clipGradientNorm: 1 };

/** The pixels of hashed images in [-1, 1]. */
function pixels(shape: readonly number[]) {
  const { data } = hashedTensor("images", shape);
  return tensor("uint8", shape, Uint8Array.from(data, (value) => (value + 1) / 2 * 255));
}

/** The stage's graph, what it starts from, and the sizes of its inputs. */
async function stageOf(options: Options) {
  const { worker, model, threads, replicas } = options;
  const batchSize = options.batch / replicas;
  const target = { ...await deviceTuning({ device: CPU, threads }), ranks: replicas };
  const folder = new PublishedFolder(model);
  const unet = await readUnet(folder);
  if (worker === "autoencoder") {
    const { config, tensors } = await readAutoencoder(folder);
    const size = unet.config.sampleSize * latentFactor(config);
    const loss = { reconstructionLoss: "l1", klWeight: 1e-6 } as const;
    return {
      stage: buildStage(
        autoencoderLoss({ config, batchSize, size, target, ...loss }),
        OPTIMIZATION,
      ),
      tensors,
    };
  }
  const { tokens } = parseTextEncoder(await folder.config("text_encoder"));
  const { config, tensors } = unet;
  const size = config.sampleSize;
  const predictionType = "v_prediction";
  return {
    stage: buildStage(
      denoisingLoss({ config, batchSize, size, tokens, predictionType, target }),
      OPTIMIZATION,
    ),
    tensors,
  };
}

/** Our side of training: a round is a step. */
async function train(options: Options): Promise<void> {
  const { stage, tensors } = await stageOf(options);
  const { threads, replicas, batch } = options;
  const state = withAverages(tensors);
  const sharing = { placement: { device: CPU, threads }, replicas };
  checkReplicas(batch, sharing);
  using step = await openStageStep(stage.step, sharing, { state });
  const constants: Readonly<Record<string, number>> = { ...MIXTURE, weight: 1 };
  for (const { name, dtype, shape: [, ...each] } of stage.step.batch) {
    const shape = [batch, ...each];
    if (dtype === "uint8") {
      step.input(name, "uint8").write(pixels(shape));
      continue;
    }
    const constant = constants[name];
    step.input(name, "float32").write(
      constant === undefined ? hashedTensor(name, shape) : hashedTensor(name, shape, 0, constant),
    );
  }
  let taken = 0;
  await answerRounds(async () => {
    taken++;
    const root = Math.sqrt(1 - OPTIMIZATION.beta2 ** taken);
    const { loss } = await step.run({
      learning_rate: 1e-3,
      weight_decay: 0,
      step_scale: root / (1 - OPTIMIZATION.beta1 ** taken),
      step_epsilon: OPTIMIZATION.epsilon * root,
      average_rate: 0.01,
    });
    return loss;
  });
}

/** Our side of the image encoder's training: a round is a step, on views that are augmented already. */
async function pretrain({ batch, threads }: Options): Promise<void> {
  const configuration = resolveConfiguration((await readConfiguration(RECIPE)).configuration);
  const { imageSize, options, learningRate, weightDecay, clipGradientNorm } = configuration;
  const build = () =>
    buildMethodGraph(checkMethod(simclr, "simclr"), {
      backbone: backbone(configuration.backbone, { imageSize }),
      viewSizes: [imageSize, imageSize],
      batchSize: batch,
      options,
    });
  const graph = withTarget(await deviceTuning({ device: CPU, threads }), build);
  const optimizer = optimizerOf(configuration);
  const settings = { device: CPU, threads, optimizer, clipGradientNorm };
  using step = await TrainingStep.create(graph, settings, hashedWeights(graph));
  step.views.forEach((view, i) => view.write(hashedTensor(`views.${i}`, view.type.shape)));
  const scalars = { learning_rate: learningRate, weight_decay: weightDecay as number };
  let taken = 0;
  await answerRounds(async () => {
    const { loss } = await step.run({ ...scalars, ...optimizer.stepScalars(taken) });
    taken++;
    return loss;
  });
}

/** Our side of variations: a round is a batch of them. */
async function generate({ model, batch, threads, steps, guidance }: Options): Promise<void> {
  using pipeline = await UnclipPipeline.create(model, {
    batchSize: batch,
    threads,
    steps,
    guidanceScale: guidance,
    scheduler: "dpm-solver++",
  });
  const { imageSize, embeddingWidth, latentShape } = pipeline;
  const views = pixels([batch, imageSize, imageSize, 3]);
  const latents = hashedTensor("latents", [batch, ...latentShape], 1.7);
  await answerRounds(async () => {
    const { images } = await pipeline.generate({
      embeddings: await pipeline.embed(views),
      embeddingNoise: hashedTensor("noise", [batch, embeddingWidth]),
      noiseLevels: new Array<number>(batch).fill(0),
      latents,
    });
    return images.data.reduce((sum, value) => sum + value, 0) / images.data.length / 255;
  });
}

/** Our side of each stage. */
const WORK: Readonly<Record<string, (options: Options) => Promise<void>>> = {
  "image-encoder": pretrain,
  "autoencoder": train,
  "unet": train,
  "variations": generate,
};

async function compare(stage: string, setting: string | undefined, options: Options) {
  const { python, model, batch, rounds, threads, replicas, steps, guidance } = options;
  await using ours = new Peer(Deno.execPath(), [
    ...DENO_RUN,
    import.meta.filename!,
    `--worker=${stage}`,
    `--model=${model}`,
    `--batch=${batch}`,
    `--threads=${threads}`,
    `--replicas=${replicas}`,
    `--steps=${steps}`,
    `--guidance=${guidance}`,
  ]);
  await using theirs = new Peer(python, [
    new URL("../reference/bench_generator.py", import.meta.url).pathname,
    stage,
    model,
    String(batch),
    String(threads),
    ...(setting === undefined ? [String(steps), String(guidance)] : [setting]),
  ]);
  const tolerance = setting === undefined ? SAME_PICTURES : SAME_WORK;
  return await alternate(ours, theirs, { name: stage, rounds, warmUp: 2, tolerance });
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, console.log);
  if (parsed === undefined) return;
  const given = parsed.values as unknown as Options;
  if (given.worker) return await WORK[given.worker]!(given);
  const { folder } = await findUnclip(given.model);
  const options = { ...given, model: resolve(folder) };
  const { only, json, batch } = options;
  if (!json) await printProcessor();
  const settings = chosenNames("compare with", "--settings", options.settings, SETTINGS);
  for (const stage of STAGES.filter((name) => only === "" || name === only)) {
    for (const setting of stage === "variations" ? [undefined] : settings) {
      const comparison = await compare(stage, setting, options);
      const library = stage === "image-encoder" ? "PyTorch's" : "diffusers'";
      const peer = setting === undefined ? library : `${library} (${setting})`;
      console.log(
        json
          ? JSON.stringify({ stage, setting, batch, ...comparison })
          : `${stage}:\n${describeComparison(comparison, peer, imagesPerSecond(batch))}`,
      );
    }
  }
}

if (import.meta.main) await runTask(main);
