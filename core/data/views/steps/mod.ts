/**
 * The augmentation steps of view recipes, in the order in which they are sampled and applied. A new step is a file beside
 * this one and its lines here.
 *
 * @module
 */
import { blur } from "./blur.ts";
import { erasing } from "./erasing.ts";
import { grayscale } from "./grayscale.ts";
import { jitter } from "./jitter.ts";
import { noiseErasing } from "./noise_erasing.ts";
import { randAugment } from "./rand_augment.ts";
import { rotation } from "./rotation.ts";
import { solarize } from "./solarize.ts";
import type { AugmentationStep, GeometricStep, PhotometricStep } from "./step.ts";

export { blur, type BlurRecipe } from "./blur.ts";
export { type ErasedBox, erasing, type ErasingRecipe } from "./erasing.ts";
export { grayscale } from "./grayscale.ts";
export { jitter, type JitterParameters, type JitterRecipe } from "./jitter.ts";
export { type NoiseErasedBox, noiseErasing, type NoiseErasingRecipe } from "./noise_erasing.ts";
export { randAugment, type RandAugmentDraw, type RandAugmentRecipe } from "./rand_augment.ts";
export { rotation, type RotationRecipe } from "./rotation.ts";
export { solarize, type SolarizeRecipe } from "./solarize.ts";
export type {
  AugmentationStep,
  GeometricStep,
  GraphKernel,
  PackedPhotometry,
  PackedType,
  PhotometricStep,
  PixelKernel,
  SampledStep,
  StepGraph,
} from "./step.ts";

/** Types of all steps. */
export type Steps = readonly [
  typeof rotation,
  typeof randAugment,
  typeof noiseErasing,
  typeof jitter,
  typeof grayscale,
  typeof blur,
  typeof solarize,
  typeof erasing,
];

/** All steps. */
export const STEPS: Steps = [
  rotation,
  randAugment,
  noiseErasing,
  jitter,
  grayscale,
  blur,
  solarize,
  erasing,
];

const ALL: readonly AugmentationStep[] = STEPS;

/** The steps on 8-bit images, on the host. */
export const GEOMETRIC_STEPS: readonly GeometricStep[] = ALL.filter((step) =>
  step.kind === "geometric"
);

/** The steps that change colours, on the device. */
export const PHOTOMETRIC_STEPS: readonly PhotometricStep[] = ALL.filter((step) =>
  step.kind === "photometric"
);

/** What recipes say of the steps, by the steps' names; steps that are absent are left out. */
export type StepRecipes = {
  readonly [Step in Steps[number] as Step["name"]]?: Step extends
    AugmentationStep<string, infer Recipe, infer _> ? Recipe : never;
};

/** What was sampled of the steps for one view. */
export type StepParameters = {
  readonly [Step in Steps[number] as Step["name"]]: Step["none"];
};
