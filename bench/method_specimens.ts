/**
 * What is compared of each method: its heads, views and scalars, on a ResNet-18 for small images.
 *
 * @module
 */

/** A method as it is compared with lightly's. */
export interface MethodSpecimen {
  /** Options of the method; the peer builds heads of the same shapes from them. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** Height and width of each view. */
  readonly sizes: readonly number[];
}

const TWO_VIEWS = [32, 32];
const MULTI_CROP = [32, 32, 16, 16, 16, 16];

/** Heads as wide as the methods' presets for small images have them. */
export const METHOD_SPECIMENS: Readonly<Record<string, MethodSpecimen>> = {
  "simsiam": {
    options: { projectorWidth: 2048, projectorLayers: 3, predictorWidth: 512 },
    sizes: TWO_VIEWS,
  },
  "moco-v2": {
    // One group for batch norm, so that the order of the samples does not matter to the loss.
    options: {
      hiddenWidth: 512,
      width: 128,
      temperature: 0.1,
      queueLength: 4096,
      groupSize: 1024,
    },
    sizes: TWO_VIEWS,
  },
  "moco-v3": {
    options: { hiddenWidth: 4096, width: 256, temperature: 0.2 },
    sizes: TWO_VIEWS,
  },
  "byol": { options: { hiddenWidth: 1024, width: 256 }, sizes: TWO_VIEWS },
  "swav": {
    options: {
      ...{ hiddenWidth: 512, width: 128, prototypes: 512, temperature: 0.1 },
      ...{ epsilon: 0.05, iterations: 3, freezeIterations: 0 },
    },
    sizes: MULTI_CROP,
  },
  "simclr": { options: { hiddenWidth: 512, width: 128, temperature: 0.5 }, sizes: TWO_VIEWS },
  "barlow-twins": {
    options: { projectorWidth: 2048, projectorLayers: 3, redundancyWeight: 0.0051, scale: 0.1 },
    sizes: TWO_VIEWS,
  },
  "vicreg": { options: { expanderWidth: 2048, expanderLayers: 3 }, sizes: TWO_VIEWS },
  "dino": {
    options: {
      ...{ outputs: 2048, projectorLayers: 3, hiddenWidth: 2048, width: 256 },
      ...{ headBatchNorm: true, freezeEpochs: 0 },
    },
    sizes: MULTI_CROP,
  },
};
