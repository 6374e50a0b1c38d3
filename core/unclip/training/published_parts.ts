/**
 * The parts of a published Stable unCLIP that fine-tuning starts from.
 *
 * @module
 */
import { decodeNumbers } from "../../engine/graph/numbers.ts";
import { float32, type Tensor } from "../../engine/graph/tensor.ts";
import { Scope } from "../../engine/nn/scope.ts";
import { parseAutoencoder, parseUnet } from "../network_config.ts";
import {
  expectedTensors,
  networkInitializers,
  STORED_DECODER,
  STORED_UNET,
  type StoredNetwork,
} from "../network_weights.ts";
import { type AutoencoderConfig, latentFactor } from "../networks/autoencoder.ts";
import type { PublishedFolder, PublishedNetwork } from "../published_folder.ts";
import { parseNoiseSchedule, parseScheduler } from "../scheduler_config.ts";
import { declareAutoencoder, declareUnet, type OwnNetwork } from "./generator_networks.ts";
import type { UnetPlan } from "./train_unet.ts";

/** The whole autoencoder, whose attention was published under other names before May 2023. */
const STORED_AUTOENCODER: StoredNetwork = {
  name: "autoencoder",
  aliases: STORED_DECODER.aliases!,
};

/** The parameters of a network in float32, under the names by which it declares them. */
async function readParameters(
  folder: PublishedFolder,
  part: PublishedNetwork,
  network: StoredNetwork,
  declare: (scope: Scope) => void,
): Promise<Map<string, Tensor>> {
  const scope = new Scope();
  declare(scope);
  using file = await folder.open(part, "float32");
  // Refuses a file that is not of this network, with all that is wrong.
  await networkInitializers(file, scope.declarations, network);
  const tensors = new Map<string, Tensor>();
  for (const [parameter, { name }] of expectedTensors(file, scope.declarations, network)) {
    const { shape } = scope.declarations.get(parameter)!.value;
    tensors.set(parameter, float32(shape, decodeNumbers(await file.read(name))));
  }
  return tensors;
}

/** The autoencoder of a folder. */
export async function readAutoencoder(
  folder: PublishedFolder,
): Promise<OwnNetwork<AutoencoderConfig>> {
  const config = parseAutoencoder(await folder.config("vae"));
  const tensors = await readParameters(
    folder,
    "vae",
    STORED_AUTOENCODER,
    (scope) => declareAutoencoder(scope, config),
  );
  return { config, tensors };
}

/** Height and width in pixels of the images that the UNet of a folder was trained on. */
export async function trainedImageSize(folder: PublishedFolder): Promise<number> {
  const autoencoder = parseAutoencoder(await folder.config("vae"));
  const { sampleSize } = parseUnet(await folder.config("unet"));
  return sampleSize * latentFactor(autoencoder);
}

/** A UNet and the diffusions that it was trained on. */
export interface PublishedUnet extends UnetPlan {
  /** Its parameters. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** The UNet of a folder. */
export async function readUnet(folder: PublishedFolder): Promise<PublishedUnet> {
  const config = parseUnet(await folder.config("unet"));
  const scheduler = parseScheduler(await folder.config("scheduler", "scheduler_config.json"));
  const { predictionType, trainTimesteps, betaSchedule, betaStart, betaEnd } = scheduler.config;
  const noising = await folder.config("image_noising_scheduler", "scheduler_config.json");
  const tensors = await readParameters(
    folder,
    "unet",
    STORED_UNET,
    (scope) => declareUnet(scope, config),
  );
  return {
    config,
    predictionType,
    latentNoise: { trainTimesteps, betaSchedule, betaStart, betaEnd },
    embeddingNoise: parseNoiseSchedule(noising),
    tensors,
  };
}
