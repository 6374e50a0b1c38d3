/**
 * GenView's path as tests walk it on the page.
 *
 * @module
 */

/** Options of a pipeline over the fixture that takes little time, but for what is named on the page. */
export const SMALL_PIPELINE: Readonly<Record<string, unknown>> = {
  ...{ model: "tokens.safetensors", generator: "generator", numInferenceSteps: 1, estimate: false },
  ...{ backbone: "clip_vit_tiny_patch8_64", stem: "imagenet", batchSize: 2, epochs: 5000 },
  ...{ threads: 1, device: "cpu", evaluateEvery: 0, checkpointEvery: 100_000 },
  options: { projectorWidth: 32, predictorWidth: 16 },
};

/** An element of a stage that the page shows, by the stage's heading: an expression. */
export function stage(title: string, selector: string): string {
  return `[...document.querySelectorAll('.stage')].find((stage) =>
    stage.querySelector('h2').textContent === '${title}')?.querySelector('${selector}')`;
}
