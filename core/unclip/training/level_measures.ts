/**
 * What variations keep of their images at each noise level, as an independent network sees it.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import { imagesInMemory } from "../../data/dataset_of.ts";
import { openData } from "../../data/open_data.ts";
import type { Placement } from "../../engine/ort/mod.ts";
import { openTokenNetwork } from "../../encoders/open_token_network.ts";
import { GenviewRangeError } from "../../errors/mod.ts";
import { counted } from "../../schema/counted.ts";
import type { VariationRunOptions } from "../../variations/progress.ts";
import type { UnclipModel } from "../find_unclip.ts";
import { PublishedFolder } from "../published_folder.ts";
import { LevelComparison, type LevelMeasure } from "./level_comparison.ts";
import { HELD_OUT_SEED, LevelSampler, type LevelSamplerOptions } from "./level_sampler.ts";
import { MeanTokens } from "./mean_tokens.ts";
import { readAutoencoder, trainedImageSize } from "./published_parts.ts";
import { reconstructDataset } from "./reconstruct.ts";

/** What variations are like at each level, and what they are compared with. */
export interface LevelMeasures {
  /** By level, in the order that was asked for. */
  readonly levels: readonly (LevelMeasure & { readonly level: number })[];
  /** The originals themselves, beside the bank: what images that are not generated have. */
  readonly originals: LevelMeasure;
  /** The originals as the autoencoder gives them back: what variations could reach. */
  readonly reconstructions: LevelMeasure;
  /** Similarity of originals to each other, and how often the nearest is right by chance. */
  readonly others: Pick<LevelMeasure, "similarity" | "nearestIdentity">;
  /** Originals that were varied. */
  readonly images: number;
  /** Images of the bank, on backgrounds of their own where they are rendered. */
  readonly bank: number;
  /** Network that compared them. */
  readonly encoder: string;
  /** Identity of the generator's weights. */
  readonly generator: string;
}

/** What is measured, and how. */
export interface MeasureLevelsOptions extends LevelSamplerOptions {
  /** Network that compares the images, as `openTokenNetwork` takes it: a run, a file or a name. */
  readonly encoder: string;
}

/** Images that are varied where the options do not say, at most. */
const COUNT = 200;

/** What each image of a data set shows; an image without an identity shows itself. */
function identitiesOf(dataset: Dataset): string[] {
  return Array.from({ length: dataset.length }, (_, index) => {
    const { identity, key } = dataset.sample(index);
    return identity ?? key;
  });
}

/** Images as the autoencoder of a generator gives them back. */
async function reconstructionsOf(
  dataset: Dataset,
  generator: UnclipModel,
  placement: Placement,
  signal: AbortSignal | undefined,
): Promise<Dataset> {
  const folder = new PublishedFolder(generator.folder);
  const [autoencoder, size] = [await readAutoencoder(folder), await trainedImageSize(folder)];
  const images = await reconstructDataset(autoencoder, dataset, size, placement, signal);
  return imagesInMemory("reconstruction", images);
}

/**
 * Measures a generator: varies images at each level, 200 where `count` does not say, and compares the variations with their originals and with a bank of all
 * images, by a network that had no part in the generation. Rendered images, such as emoji, have backgrounds that training has not
 * seen, and those of the bank are others again, so that what is found again is the thing and not its background. With an
 * output, what was stopped or killed goes on when it is started again with the same options.
 *
 * Source: GenView, Li et al. 2024, section 3.2, on why levels follow from foregrounds; Heusel et al. 2017 for the distance.
 *
 * @throws {TypeError} if the generator, the data or the network cannot be opened
 * @throws {RangeError} if there are fewer than two images, or a level is not one of the diffusion's steps
 * @throws {Deno.errors.AlreadyExists} if the output exists and is not to be replaced
 * @throws {UnreadableImageError} if an image cannot be read
 * @throws {GenviewError} if a network's output is not finite
 */
export async function measureLevels(
  options: MeasureLevelsOptions,
  run: VariationRunOptions = {},
): Promise<LevelMeasures> {
  using sampler = await LevelSampler.open(options, COUNT, run);
  const { dataset: chosen, device, found } = sampler;
  const { data, dataSeed = HELD_OUT_SEED, threads = 0 } = options;
  const bank = await openData(data, { seed: dataSeed + 1 });
  if (chosen.length < 2) {
    throw new GenviewRangeError(
      `Cannot measure by ${data}: there must be at least 2 images, found ${chosen.length}`,
    );
  }
  const network = await openTokenNetwork({ model: options.encoder });
  const placement = { device, threads };
  using encoder = await MeanTokens.create(network, placement);
  const originals = { features: await encoder.of(chosen), identities: identitiesOf(chosen) };
  const known = { features: await encoder.of(bank), identities: identitiesOf(bank) };
  const comparison = new LevelComparison(originals, known, placement);
  run.report?.({ kind: "note", text: `reconstructing ${counted(chosen.length, "image")}` });
  const reconstructed = await reconstructionsOf(chosen, found, placement, run.signal);
  const reconstructions = await encoder.of(reconstructed);
  const measured: (LevelMeasure & { readonly level: number })[] = [];
  for (const level of sampler.levels) {
    const features = await encoder.of(imagesInMemory(`level ${level}`, await sampler.next()));
    measured.push({ level, ...await comparison.of(features) });
  }
  const measures: LevelMeasures = {
    levels: measured,
    originals: await comparison.of(originals.features),
    reconstructions: await comparison.of(reconstructions),
    others: await comparison.others(),
    images: chosen.length,
    bank: bank.length,
    encoder: network.name,
    generator: found.identity,
  };
  await sampler.write(new TextEncoder().encode(`${JSON.stringify(measures, null, 2)}\n`));
  return measures;
}
