/**
 * What people call the numbers of the logs: the server's explanations and the page's charts take them from here.
 *
 * @module
 */

/** Name for people, such as `Learning rate`, and unit, empty where there is none, by the name in the logs. */
export const METRIC_LABELS: Readonly<
  Record<string, { readonly label: string; readonly unit: string }>
> = {
  loss: { label: "Loss", unit: "" },
  spread: { label: "Spread of the embeddings", unit: "" },
  gradientNorm: { label: "Norm of the gradient", unit: "" },
  learningRate: { label: "Learning rate", unit: "" },
  seconds: { label: "Time of a step", unit: "s" },
  imagesPerSecond: { label: "Speed", unit: "images/s" },
  waitSeconds: { label: "Waiting for images", unit: "s" },
  waitShare: { label: "Share of waiting", unit: "" },
  memoryMegabytes: { label: "Memory", unit: "MB" },
  communicationSeconds: { label: "Communication", unit: "s" },
  communicationShare: { label: "Share of communication", unit: "" },
  lossScale: { label: "Scale of the loss", unit: "" },
  skippedSteps: { label: "Skipped steps", unit: "" },
  skipped: { label: "Unreadable images", unit: "" },
  knnTop1: { label: "Nearest neighbours", unit: "" },
  recallAt1: { label: "Counterpart first", unit: "" },
  generatedViews: { label: "Generated views", unit: "" },
  foregroundSimilarity: { label: "Similarity of foregrounds", unit: "" },
  backgroundSimilarity: { label: "Similarity of backgrounds", unit: "" },
  unweighted: { label: "Unweighted loss", unit: "" },
  contrast: { label: "Contrast", unit: "nats" },
  reconstruction: { label: "Reconstruction", unit: "" },
  divergence: { label: "Divergence of the latents", unit: "" },
  peakSignalToNoise: { label: "Fidelity", unit: "dB" },
  distance: { label: "Distance of samples", unit: "" },
  invariance: { label: "Invariance term", unit: "" },
  variance: { label: "Variance term", unit: "" },
  covariance: { label: "Covariance term", unit: "" },
};

/** An option's or metric's name in words: `batchSize` is `batch size`. */
export function wordsOfName(name: string): string {
  return name.replaceAll(
    /([a-z0-9])([A-Z])/g,
    (_, before, after) => `${before} ${after.toLowerCase()}`,
  );
}

/** A name and a unit for people; of a generator's stage the name says which. */
export function labelOf(name: string): { readonly label: string; readonly unit: string } {
  const own = name.slice(name.lastIndexOf("/") + 1);
  const known = Object.hasOwn(METRIC_LABELS, own) ? METRIC_LABELS[own] : undefined;
  if (known !== undefined) {
    const stage = name.slice(0, -own.length - 1);
    return stage === "" ? known : { ...known, label: `${known.label} of the ${stage}` };
  }
  // What an evaluation found is named in words, such as `kNN k=20 T=0.07 top1`.
  if (name.includes(" ")) return { label: name, unit: "" };
  const words = wordsOfName(name);
  return { label: words.charAt(0).toUpperCase() + words.slice(1), unit: "" };
}
