/**
 * How published work trains its linear classifiers.
 *
 * @module
 */

/** How a linear classifier is trained. */
export interface LinearProbeRecipe {
  /** Optimizer, with momentum 0.9. */
  readonly optimizer: "sgd" | "lars";
  /** Learning rate at `batchSize`, with which it scales. */
  readonly learningRate: number;
  /** Rows in a step. */
  readonly batchSize: number;
  /** Passes over the features. */
  readonly epochs: number;
  /** Weight decay of weight and bias. */
  readonly weightDecay: number;
  /** Learning-rate schedule: a cosine to zero by epoch, or epochs at which it is divided by ten. */
  readonly schedule: "cosine" | readonly number[];
}

const cosine = { schedule: "cosine", epochs: 90, weightDecay: 0 } as const;

/**
 * Recipes by name: those of mmpretrain for SimSiam, BYOL and SwAV (`lars`), for MoCo v3 (`moco-v3-resnet`,
 * `moco-v3-vit`) and for MoCo v2, that of SwAV's authors, and that of lightly. Momentum is 0.9 in all of them.
 */
export const LINEAR_PROBE_RECIPES: Readonly<Record<string, LinearProbeRecipe>> = {
  "lars": { optimizer: "lars", learningRate: 1.6, batchSize: 4096, ...cosine },
  "moco-v3-resnet": { optimizer: "sgd", learningRate: 0.4, batchSize: 1024, ...cosine },
  "moco-v3-vit": { optimizer: "sgd", learningRate: 12, batchSize: 1024, ...cosine },
  "moco-v2": {
    optimizer: "sgd",
    learningRate: 30,
    batchSize: 256,
    epochs: 100,
    weightDecay: 0,
    schedule: [60, 80],
  },
  "swav": {
    optimizer: "sgd",
    learningRate: 0.3,
    batchSize: 256,
    epochs: 100,
    weightDecay: 1e-6,
    schedule: "cosine",
  },
  "lightly": { optimizer: "sgd", learningRate: 0.1, batchSize: 256, ...cosine },
};
