/**
 * The first stage: tokens of images, their component, and the threshold of the foreground.
 *
 * @module
 */
import { join } from "node:path";
import { TokenEncoder } from "../../encoders/token_encoder.ts";
import { weightsIdentity } from "../../encoders/weights_identity.ts";
import { subset, uniqueIndices } from "../../data/mod.ts";
import { encodeDataset, extractFeatures, readAnalysis, runSize } from "../../masking/mod.ts";
import type { StageEstimate } from "../pipeline_event.ts";
import type { FeatureNetwork, PipelineContext } from "../pipeline_context.ts";
import type { Stage } from "../stage.ts";

/** Images that component and threshold are found by, as GenView has it. */
const NUM_EXTRACT = 10_000;

/** Images whose masks are drawn. */
const SHOWN = 8;

/** Images of a run, at most. */
const BATCH_SIZE = 1024;

/** Images that a speed is measured by: one run that is not counted, and one that is. */
const MEASURED = 8;

/** How many images are extracted. */
export function extractedCount({ options, images }: PipelineContext): number {
  return Math.min(options.numExtract ?? NUM_EXTRACT, images.count);
}

/** Folder of the features of a network. */
export function featureFolder({ folder, network }: FeatureNetwork): string {
  return join(folder, network.name);
}

/** The networks, each once. */
async function distinct(context: PipelineContext): Promise<FeatureNetwork[]> {
  const { masks, quality } = await context.networks();
  return quality === undefined || quality === masks ? [masks] : [masks, quality];
}

/** Seconds that a network takes for an image, with what it takes to read it. */
export async function secondsOfImage(
  { network }: FeatureNetwork,
  { images: { dataset }, placement }: PipelineContext,
): Promise<number> {
  const indices = uniqueIndices(dataset);
  const count = Math.min(MEASURED, indices.length);
  const batchSize = runSize(Math.ceil(count / 2), count, placement.device);
  using encoder = await TokenEncoder.create(network, { batchSize, ...placement });
  const few = subset(dataset, indices.slice(0, count));
  const times: number[] = [];
  let began = performance.now();
  const onWarning = () => {
    // The stage itself names the images that cannot be read.
  };
  for await (const { keys } of encodeDataset(encoder, few, { batchSize, onWarning })) {
    const now = performance.now();
    times.push((now - began) / 1000 / keys.length);
    began = now;
  }
  return times.at(-1) ?? 0;
}

async function measure(context: PipelineContext): Promise<StageEstimate> {
  let secondsEach = 0;
  for (const network of await distinct(context)) {
    secondsEach += await secondsOfImage(network, context);
  }
  return { stage: "features", unit: "images", count: extractedCount(context), secondsEach };
}

/** Extracts by the network of the masks, and by that of the weights if it is another. */
export const features: Stage = {
  name: "features",
  needs: [],
  async settings(context) {
    const { options, images } = context;
    const { foregroundShare = 0.4, flip = false, seed = 0 } = options;
    const networks = await Promise.all((await distinct(context)).map(async ({ network }) => ({
      name: network.name,
      weights: await weightsIdentity(network),
      imageSize: network.view.size,
    })));
    return {
      ...{ foregroundShare, flip, seed, networks },
      images: { count: images.count, digest: images.digest },
      numExtract: extractedCount(context),
    };
  },
  async isThere(context) {
    const found = await Promise.all(
      (await distinct(context)).map((network) => readAnalysis(featureFolder(network))),
    );
    return found.every((analysis) => analysis !== undefined);
  },
  measure,
  async run(context) {
    const { options, control, placement, images } = context;
    const { foregroundShare = 0.4, flip, seed } = options;
    const found: string[] = [];
    for (const { choice, folder } of await distinct(context)) {
      const outcome = await extractFeatures({
        ...placement,
        network: choice,
        images: images.dataset,
        outputDir: folder,
        numExtract: extractedCount(context),
        numVis: SHOWN,
        rule: { kind: "quantile", share: foregroundShare },
        ...{ flip, seed, batchSize: BATCH_SIZE },
      }, {
        signal: control.signal,
        report: (event) => control.report?.({ kind: "features", event }),
      });
      if (!outcome.finished) return { finished: false, found: "" };
      const share = (100 * outcome.analysis!.foregroundShare).toFixed(1);
      found.push(
        `${share} % of the tokens of ${outcome.images} images by ${
          outcome.analysis!.network
        } are foreground`,
      );
    }
    return { finished: true, found: found.join("; ") };
  },
};
