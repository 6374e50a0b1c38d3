/**
 * The networks whose convolutions are timed, and which convolutions they have.
 *
 * @module
 */
import EMBEDDED from "../configs/embedded_generator.json" with { type: "json" };
import type { BackboneOptions } from "../core/backbones/backbone.ts";
import { backbone } from "../core/backbones/registry.ts";
import { input, type Value } from "../core/engine/graph/value.ts";
import { Scope } from "../core/engine/nn/scope.ts";
import { type ConvProblem, problemKey } from "../core/engine/ops/convolution/problem.ts";
import { observeConvolutions } from "../core/engine/ops/convolution/tuning.ts";
import { decodeLatents, encodeImages } from "../core/unclip/networks/autoencoder.ts";
import { unet } from "../core/unclip/networks/unet.ts";
import { generatorConfiguration } from "../core/unclip/training/generator_configuration.ts";
import { autoencoderConfig } from "../core/unclip/training/train_autoencoder.ts";
import { unetPlan } from "../core/unclip/training/train_unet.ts";

/** A network on a batch of images. */
export interface Configuration {
  readonly name: string;
  readonly batch: number;
  /** Height and width of the images in pixels. */
  readonly size: number;
  /** Applies the network to images of shape `[N, 3, size, size]`. */
  readonly apply: (images: Value) => void;
}

function ofBackbone(name: string, options: BackboneOptions = {}): Configuration["apply"] {
  return (images) => backbone(name, options).apply(new Scope({ training: true }), images);
}

/** The sizes of the embedded generator. */
const GENERATOR = generatorConfiguration(EMBEDDED, "configs/embedded_generator.json");

const EMBEDDING_WIDTH = 64;

function applyAutoencoder(images: Value): void {
  const config = autoencoderConfig(GENERATOR);
  const scope = new Scope({ training: true });
  decodeLatents(scope, encodeImages(scope, images, config).mean, config);
}

/** The UNet, on the latents of the images. */
function applyUnet({ shape: [batch] }: Value): void {
  const { config } = unetPlan(GENERATOR, EMBEDDING_WIDTH);
  const { latentChannels, sampleSize, textWidth, classWidth } = config;
  const given = (name: string, ...each: readonly number[]) =>
    input(name, "float32", [batch!, ...each]);
  unet(new Scope({ training: true }), {
    latents: given("latents", latentChannels, sampleSize, sampleSize),
    timestep: given("timestep"),
    text: given("text", GENERATOR.textEncoder.tokens, textWidth),
    labels: given("labels", classWidth),
  }, config);
}

/** What is timed. */
export const CONFIGURATIONS: readonly Configuration[] = [
  { name: "resnet18", batch: 64, size: 32, apply: ofBackbone("resnet18", { stem: "small" }) },
  { name: "crops", batch: 256, size: 16, apply: ofBackbone("resnet18", { stem: "small" }) },
  { name: "demo", batch: 64, size: 32, apply: ofBackbone("resnet18") },
  { name: "resnet50", batch: 8, size: 224, apply: ofBackbone("resnet50") },
  ...["vit_small_patch16_224", "convnext_base"].map((name) => (
    { name, batch: 8, size: 224, apply: ofBackbone(name) }
  )),
  { name: "autoencoder", batch: 16, size: GENERATOR.imageSize, apply: applyAutoencoder },
  { name: "unet", batch: 16, size: GENERATOR.imageSize, apply: applyUnet },
];

/** A convolution of a network, and how often the network has it. */
export interface CountedProblem {
  readonly problem: ConvProblem;
  readonly count: number;
}

/** The convolutions of a network, each once. */
export function convolutionsOf({ batch, size, apply }: Configuration): CountedProblem[] {
  const found = new Map<string, CountedProblem>();
  const note = (problem: ConvProblem) => {
    const key = problemKey(problem);
    found.set(key, { problem, count: (found.get(key)?.count ?? 0) + 1 });
  };
  observeConvolutions(note, () => apply(input("images", "float32", [batch, 3, size, size])));
  return [...found.values()];
}

/** Whether the gradient by the input is of use: that of the first convolution is by the images. */
export function needsInputGradient({ x }: ConvProblem): boolean {
  return x[1] !== 3;
}
