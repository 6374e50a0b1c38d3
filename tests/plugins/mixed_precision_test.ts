/** Methods in float16 beside torch.autocast and torch.amp.GradScaler: see reference/mixed_precision_steps.py. */
import { assert, assertEquals } from "@std/assert";
import type { Backbone } from "../../core/backbones/backbone.ts";
import { visionTransformer } from "../../core/backbones/vision_transformer.ts";
import type { GraphTarget } from "../../core/engine/graph/target.ts";
import { checkMethod } from "../../core/method/load.ts";
import simsiam from "../../plugins/simsiam/mod.ts";
import { relativeError } from "../core/engine/nn/relative_error.ts";
import { sampledIndices } from "../core/engine/nn/hashed_values.ts";
import {
  type Golden,
  readGolden,
  tieToTranspose,
  train,
  type Trained,
  type Trial,
} from "./fidelity.ts";
import { TEST_DEVICE } from "../test_device.ts";
import { type MoCoV3Settings, mocoV3Trial } from "./moco_v3_trial.ts";

/** Most that may differ from PyTorch's float16, as a multiple of what that differs from its own float32. */
const MULTIPLE = 3;

/** The same for what float16 happens to leave nearly as it is. */
const LEAST = 2e-4;

/** The scaling of both runs of a golden. */
interface Settings {
  readonly float16: Readonly<
    Record<"plain" | "overflow", { readonly scale: number; readonly backoff: number }>
  >;
}

interface SimSiamSettings extends Settings {
  readonly projectorWidth: number;
  readonly projectorLayers: number;
  readonly predictorWidth: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

function simSiamTrial(
  { projectorWidth, projectorLayers, predictorWidth, learningRate, momentum, weightDecay }:
    SimSiamSettings,
): Trial {
  return {
    method: checkMethod(simsiam, "simsiam"),
    options: { projectorWidth, projectorLayers, predictorWidth },
    configuration: {
      learningRate,
      momentum,
      weightDecay,
      parameterRules: [{ pattern: "predictor", fixedLearningRate: true }],
    },
    adjust: (weights) => tieToTranspose(weights, "predictor.fc1.weight", "predictor.fc0.weight"),
  };
}

interface ResNetSettings extends Settings, MoCoV3Settings {
  readonly eta: number;
  readonly momentum: number;
}

function resNetTrial(settings: ResNetSettings): Trial {
  const { eta, momentum } = settings;
  const trial = mocoV3Trial(settings);
  const lars = { optimizer: "lars", larsVariant: "moco-v3", eta, momentum } as const;
  return { ...trial, configuration: { ...trial.configuration, ...lars } };
}

interface ViTSettings extends Settings, MoCoV3Settings {
  readonly epsilon: number;
  readonly patch: number;
  readonly tokens: number;
  readonly depth: number;
  readonly heads: number;
}

function vitTrial(settings: ViTSettings): Trial {
  const { epsilon, tokens: width, patch, depth, heads } = settings;
  const trial = mocoV3Trial(settings);
  const vit: Backbone = {
    name: "small",
    width,
    apply: (scope, images) =>
      visionTransformer(scope, images, { patch, depth, heads, width, variant: "mocov3" }),
  };
  const adamW = { optimizer: "adamw", epsilon } as const;
  return { ...trial, backbone: vit, configuration: { ...trial.configuration, ...adamW } };
}

function seriesOf({ tensors }: Golden, name: string): number[] {
  return Array.from(tensors.get(name)!.data as ArrayLike<number | bigint>, Number);
}

/** How far a running mean is off, relative to the deviation of what it is the mean of. */
function errorOfMean(
  { final }: Trained,
  name: string,
  wanted: readonly number[],
  indices: readonly number[],
): number {
  const found = final.get(name)!.data as Float32Array;
  const variance = final.get(name.replace("running_mean", "running_var"))!.data as Float32Array;
  const deviation = Math.sqrt(variance.reduce((sum, value) => sum + value, 0));
  const share = deviation * Math.sqrt(wanted.length / found.length);
  const difference = Math.hypot(...indices.map((index, i) => found[index]! - wanted[i]!));
  return difference / Math.max(share, Math.hypot(...wanted));
}

/**
 * Takes a golden's steps from one of its scales and compares every loss, every scale and every final tensor.
 *
 * @param ahead steps by which a loss may be off sooner than PyTorch's own
 */
async function assertFollowsAutocast(
  golden: Golden & Settings,
  trial: Trial,
  run: "plain" | "overflow",
  ahead = 0,
): Promise<void> {
  const { scale: initial, backoff } = golden.float16[run];
  const trained = await train(
    golden,
    { ...trial, precision: "float16", lossScale: { initial, backoff } },
    "plain",
  );
  assertEquals(trained.lossScales.map(({ scale }) => scale), seriesOf(golden, `${run}/scales`));
  const wantedLosses = seriesOf(golden, `${run}/losses`);
  const narrow = seriesOf(golden, "plain/losses");
  const deviations = seriesOf(golden, "float32/losses").map((loss, i) =>
    Math.abs(narrow[i]! / loss - 1)
  );
  wantedLosses.forEach((wanted, i) => {
    const error = Math.abs(trained.losses[i]! / wanted - 1);
    // What has come of rounding grows from step to step.
    const most = MULTIPLE * Math.max(LEAST, ...deviations.slice(0, i + 1 + ahead));
    assert(error <= most, `${run}: loss ${i} differs from PyTorch's by ${error}`);
  });
  const prefix = `${run}/value/`;
  const names = [...golden.tensors.keys()].filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
  assertEquals([...trained.final.keys()].sort(), names.sort());
  for (const name of names) {
    const found = Array.from(trained.final.get(name)!.data as ArrayLike<number | bigint>, Number);
    const wanted = seriesOf(golden, prefix + name);
    if (trained.final.get(name)!.dtype === "int64") {
      assertEquals(found, wanted, name);
      continue;
    }
    const [own] = seriesOf(golden, `own/${name}`);
    const indices = sampledIndices(name, found.length, golden.samples);
    const error = name.endsWith("running_mean")
      ? errorOfMean(trained, name, wanted, indices)
      : relativeError(found, wanted, indices);
    const most = Math.max(LEAST, MULTIPLE * own!);
    assert(
      error <= most,
      `${run}: ${name} differs from PyTorch's by ${error}, whose float16 differs from its float32 by ${own}`,
    );
  }
}

const simSiam = await readGolden<SimSiamSettings>("mixed_simsiam_steps");
const resNet = await readGolden<ResNetSettings>("mixed_moco_v3_resnet_steps");
const vit = await readGolden<ViTSettings>("mixed_moco_v3_vit_steps");

/** Networks by CUDA's formulations, computed on the CPU, which rounds to float16 what CUDA's kernels do. */
const CUDA: GraphTarget = { provider: "cuda", computedBy: "cpu" };

/** Steps by which the ViT's loss, which jumps around step 10, does so earlier as CUDA computes it, by another rounding. */
const AHEAD_ON_CUDA = 2;

for (const run of ["plain", "overflow"] as const) {
  const how = run === "plain" ? "from GradScaler's own scale" : "past overflows without a trace";
  Deno.test(`SimSiam in float16 follows torch.autocast for 20 steps, ${how}`, () =>
    assertFollowsAutocast(simSiam, simSiamTrial(simSiam), run));
  Deno.test(`MoCo v3 on a ResNet in float16 follows torch.autocast for 20 steps, ${how}`, () =>
    assertFollowsAutocast(resNet, resNetTrial(resNet), run));
  Deno.test(`SimSiam in float16 as CUDA computes it follows torch.autocast, ${how}`, () =>
    assertFollowsAutocast(simSiam, { ...simSiamTrial(simSiam), target: CUDA }, run));
  Deno.test(`MoCo v3 on a ResNet in float16 as CUDA computes it follows torch.autocast, ${how}`, () =>
    assertFollowsAutocast(resNet, { ...resNetTrial(resNet), target: CUDA }, run));
  Deno.test(`MoCo v3 on a ViT in float16 follows torch.autocast for 20 steps, ${how}`, () =>
    assertFollowsAutocast(
      ...[vit, vitTrial(vit), run] as const,
      TEST_DEVICE.provider === "cuda" ? AHEAD_ON_CUDA : 0,
    ));
  Deno.test(`MoCo v3 on a ViT in float16 as CUDA computes it follows torch.autocast, ${how}`, () =>
    assertFollowsAutocast(vit, { ...vitTrial(vit), target: CUDA }, run, AHEAD_ON_CUDA));
}
