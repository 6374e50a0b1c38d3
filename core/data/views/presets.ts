/**
 * The published augmentation pipelines, for views of any size.
 *
 * @module
 */
import type { Range } from "./range.ts";
import type { EvaluationRecipe, Interpolation, Normalization, ViewRecipe } from "./recipe.ts";
import type { JitterRecipe } from "./steps/mod.ts";

/** Statistics of ImageNet, which every published pipeline here uses. */
export const IMAGENET_NORMALIZATION: Normalization = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/**
 * Statistics of CLIP's training images. GenView's pretraining with foreground weights uses them for both networks.
 *
 * Source: Radford et al. 2021, `clip/clip.py`.
 */
export const CLIP_NORMALIZATION: Normalization = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/** What a preset may be asked to change. */
export interface PresetOptions {
  /** Statistics that the pixels are normalised with; ImageNet's by default. */
  readonly normalize?: Normalization;
}

const ASPECT: Range = [3 / 4, 4 / 3];
const SIGMA: Range = [0.1, 2];

function jitter(brightness: number, saturation: number, hue: number): JitterRecipe {
  return { probability: 0.8, brightness, contrast: brightness, saturation, hue };
}

function contrastive(
  size: number,
  area: Range,
  strength: JitterRecipe,
  blur: number,
  solarize: number,
  interpolation: Interpolation,
  { normalize = IMAGENET_NORMALIZATION }: PresetOptions,
): ViewRecipe {
  return {
    size,
    crop: { area, aspect: ASPECT, interpolation },
    flip: 0.5,
    jitter: strength,
    grayscale: 0.2,
    ...(blur > 0 && { blur: { probability: blur, sigma: SIGMA } }),
    ...(solarize > 0 && { solarize: { probability: solarize, threshold: 128 } }),
    normalize,
  };
}

/** Both views of MoCo v2 and SimSiam. Source: Chen et al. 2020, arXiv 2003.04297; `simsiam/main_simsiam.py`. */
export function mocoV2View(size = 224, options: PresetOptions = {}): ViewRecipe {
  return contrastive(size, [0.2, 1], jitter(0.4, 0.4, 0.1), 0.5, 0, "bilinear", options);
}

/** The two views of MoCo v3 with a ResNet. Source: Chen, Xie and He 2021, `moco-v3/main_moco.py`, `crop_min` 0.2. */
export function mocoV3ResNetViews(
  size = 224,
  options: PresetOptions = {},
): readonly [ViewRecipe, ViewRecipe] {
  return [
    contrastive(size, [0.2, 1], jitter(0.4, 0.2, 0.1), 1, 0, "bilinear", options),
    contrastive(size, [0.2, 1], jitter(0.4, 0.2, 0.1), 0.1, 0.2, "bilinear", options),
  ];
}

/** The two views of MoCo v3 with a ViT. Source: Chen, Xie and He 2021, `moco-v3/CONFIG.md`, `crop_min` 0.08. */
export function mocoV3ViTViews(
  size = 224,
  options: PresetOptions = {},
): readonly [ViewRecipe, ViewRecipe] {
  return [
    contrastive(size, [0.08, 1], jitter(0.4, 0.2, 0.1), 1, 0, "bilinear", options),
    contrastive(size, [0.08, 1], jitter(0.4, 0.2, 0.1), 0.1, 0.2, "bilinear", options),
  ];
}

/**
 * The two views of BYOL. Source: Grill et al. 2020, arXiv 2006.07733, appendix B, table 6;
 * `byol/utils/augmentations.py`.
 */
export function byolViews(
  size = 224,
  options: PresetOptions = {},
): readonly [ViewRecipe, ViewRecipe] {
  return [
    contrastive(size, [0.08, 1], jitter(0.4, 0.2, 0.1), 1, 0, "bicubic", options),
    contrastive(size, [0.08, 1], jitter(0.4, 0.2, 0.1), 0.1, 0.2, "bicubic", options),
  ];
}

/**
 * The two views of Barlow Twins, which are BYOL's. Source: Zbontar et al. 2021, `barlowtwins/main.py`, `Transform`.
 */
export function barlowTwinsViews(
  size = 224,
  options: PresetOptions = {},
): readonly [ViewRecipe, ViewRecipe] {
  return byolViews(size, options);
}

/**
 * The two views of VICReg, which are BYOL's. Source: Bardes, Ponce and LeCun 2022, `vicreg/augmentations.py`,
 * `TrainTransform`. lightly's `VICRegTransform` differs: it blurs with probability 0.5 and solarizes with 0.1 in both.
 */
export function vicRegViews(
  size = 224,
  options: PresetOptions = {},
): readonly [ViewRecipe, ViewRecipe] {
  return byolViews(size, options);
}

/**
 * Every view of SimCLR, at the colour strength 1. Source: Chen et al. 2020, arXiv 2002.05709, appendix A;
 * `simclr/data_util.py`, `preprocess_for_train` and `batch_random_blur`. The reference normalises by no statistics; here
 * they are ImageNet's.
 */
export function simClrView(size = 224, options: PresetOptions = {}): ViewRecipe {
  return contrastive(size, [0.08, 1], jitter(0.8, 0.8, 0.2), 0.5, 0, "bicubic", options);
}

/**
 * Every view of SimCLR at 32 to 64 pixels: at the colour strength 0.5 and without the blur.
 *
 * Source: Chen et al. 2020, arXiv 2002.05709, appendix B.9.
 */
export function simClrSmallView(size = 32, options: PresetOptions = {}): ViewRecipe {
  return contrastive(size, [0.08, 1], jitter(0.4, 0.4, 0.1), 0, 0, "bicubic", options);
}

/** The two global views of DINO. Source: Caron et al. 2021, `dino/main_dino.py`, `DataAugmentationDINO`. */
export function dinoGlobalViews(
  size = 224,
  options: PresetOptions = {},
): readonly [ViewRecipe, ViewRecipe] {
  return [
    contrastive(size, [0.4, 1], jitter(0.4, 0.2, 0.1), 1, 0, "bicubic", options),
    contrastive(size, [0.4, 1], jitter(0.4, 0.2, 0.1), 0.1, 0.2, "bicubic", options),
  ];
}

/** The local views of DINO. Source: Caron et al. 2021, `dino/main_dino.py`, `DataAugmentationDINO`. */
export function dinoLocalView(size = 96, options: PresetOptions = {}): ViewRecipe {
  return contrastive(size, [0.05, 0.4], jitter(0.4, 0.2, 0.1), 0.5, 0, "bicubic", options);
}

/**
 * The global views of SwAV's multi-crop. Source: Caron et al. 2020, `swav/src/multicropdataset.py`, whose standard
 * deviation of red is 0.228 where ImageNet's is 0.229, as it is here and in mmpretrain.
 */
export function swavGlobalView(size = 224, options: PresetOptions = {}): ViewRecipe {
  return contrastive(size, [0.14, 1], jitter(0.8, 0.8, 0.2), 0.5, 0, "bilinear", options);
}

/** The local views of SwAV's multi-crop. Source: Caron et al. 2020, `swav/src/multicropdataset.py`. */
export function swavLocalView(size = 96, options: PresetOptions = {}): ViewRecipe {
  return contrastive(size, [0.05, 0.14], jitter(0.8, 0.8, 0.2), 0.5, 0, "bilinear", options);
}

/**
 * Views of 32 to 64 pixels: MoCo v2's without the blur, which at that size leaves little to see.
 *
 * Source: Chen et al. 2020, arXiv 2002.05709 (SimCLR), appendix B.9, leaves the blur out on CIFAR-10, as does MoCo's
 * CIFAR-10 demonstration.
 */
export function smallImageView(size = 32, options: PresetOptions = {}): ViewRecipe {
  return contrastive(size, [0.2, 1], jitter(0.4, 0.4, 0.1), 0, 0, "bilinear", options);
}

/** A recipe without its blur, which leaves little to see in views of 32 to 64 pixels. */
export function withoutBlur({ blur: _, ...rest }: ViewRecipe): ViewRecipe {
  return rest;
}

function mild(size: number, area: Range, { normalize = IMAGENET_NORMALIZATION }: PresetOptions) {
  return {
    size,
    crop: { area, aspect: ASPECT, interpolation: "bilinear" },
    flip: 0.5,
    jitter: jitter(0.2, 0.2, 0.02),
    grayscale: 0,
    normalize,
  } as const;
}

/**
 * Views of 32 to 64 pixels that keep most of the picture and of its colours, for images that colours tell apart, such
 * as emoji: what differs between them is left to their variations.
 *
 * The numbers are this project's, not published.
 */
export function mildView(size = 32, options: PresetOptions = {}): ViewRecipe {
  return mild(size, [0.3, 1], options);
}

/** Local views beside {@linkcode mildView}: parts of the picture with its colours. The numbers are this project's. */
export function mildLocalView(size = 16, options: PresetOptions = {}): ViewRecipe {
  return mild(size, [0.1, 0.3], options);
}

/**
 * Evaluation views: the shorter side is resized to 8/7 of the size, 256 for 224, and the centre is cut out.
 *
 * Source: `moco/main_lincls.py`.
 */
export function evaluationView(
  size = 224,
  { normalize = IMAGENET_NORMALIZATION }: PresetOptions = {},
): EvaluationRecipe {
  return { size, shorterSide: Math.round((size * 8) / 7), interpolation: "bilinear", normalize };
}

/** Views up to this many pixels are evaluated whole, as on CIFAR; larger ones lose their borders. */
const SMALL = 64;

/**
 * How images are cut for the evaluation of a network that was trained on views of a size: as {@linkcode evaluationView},
 * but whole up to 64 pixels, as on CIFAR.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { evaluationRecipe, IMAGENET_NORMALIZATION } from "./presets.ts";
 *
 * assertEquals(evaluationRecipe(32, IMAGENET_NORMALIZATION).shorterSide, 32);
 * assertEquals(evaluationRecipe(224, IMAGENET_NORMALIZATION).shorterSide, 256);
 * ```
 */
export function evaluationRecipe(size: number, normalize: Normalization): EvaluationRecipe {
  const recipe = evaluationView(size, { normalize });
  return size <= SMALL ? { ...recipe, shorterSide: size } : recipe;
}
