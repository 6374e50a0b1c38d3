/**
 * Folders of networks in diffusers' layout.
 *
 * @module
 */
import { GenviewNotFound } from "../errors/mod.ts";
import { join } from "node:path";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { openTensors } from "../weights/open_tensors.ts";
import type { TensorFile } from "../weights/tensor_file.ts";
import { ConfigFile } from "../weights/config_file.ts";

/** The parts of a Stable unCLIP that have weights. */
export type PublishedNetwork =
  | "image_encoder"
  | "image_normalizer"
  | "text_encoder"
  | "unet"
  | "vae";

/** Names of files of weights, without variant and format: transformers' networks have one for each format. */
const STEMS: Readonly<Record<PublishedNetwork, { safetensors: string; bin: string }>> = {
  image_encoder: { safetensors: "model", bin: "pytorch_model" },
  image_normalizer: { safetensors: "diffusion_pytorch_model", bin: "diffusion_pytorch_model" },
  text_encoder: { safetensors: "model", bin: "pytorch_model" },
  unet: { safetensors: "diffusion_pytorch_model", bin: "diffusion_pytorch_model" },
  vae: { safetensors: "diffusion_pytorch_model", bin: "diffusion_pytorch_model" },
};

/** The names that a network's weights may have, the best first. */
function candidates(network: PublishedNetwork, precision: "float32" | "float16"): string[] {
  const variants = precision === "float32" ? ["", ".fp16"] : [".fp16", ""];
  const { safetensors, bin } = STEMS[network];
  return variants.flatMap((variant) => [
    `${safetensors}${variant}.safetensors`,
    `${bin}${variant}.bin`,
  ]);
}

async function exists(path: string): Promise<boolean> {
  const found = await explainingFileErrors(`read ${path}`, ifThere(Deno.stat(path)));
  return found?.isFile ?? false;
}

/** The name that the file of a network's weights has as safetensors, in the plain variant. */
export function weightsName(network: PublishedNetwork): string {
  return `${STEMS[network].safetensors}.safetensors`;
}

/**
 * The file of a network's weights in a folder of its own: of safetensors rather than of pickles, and of the type that is
 * computed in rather than of the other.
 *
 * @throws {Deno.errors.NotFound} if there is none
 */
export async function findWeights(
  folder: string,
  network: PublishedNetwork,
  precision: "float32" | "float16",
): Promise<string> {
  const names = candidates(network, precision);
  for (const name of names) {
    const path = join(folder, name);
    if (await exists(path)) return path;
  }
  throw new GenviewNotFound(
    `Cannot find the weights of the ${network} in ${folder}: there must be one of ` +
      names.join(", "),
  );
}

/** A folder of networks, each in a folder of its own with its configuration. */
export class PublishedFolder {
  /** Where it lies. */
  readonly path: string;

  /**
   * Names a folder; nothing is read yet.
   *
   * @param path the folder that holds `model_index.json`
   */
  constructor(path: string) {
    this.path = path;
  }

  /** The folder of a part. */
  folder(part: string): string {
    return join(this.path, part);
  }

  /**
   * Reads the configuration of a part.
   *
   * @throws {SyntaxError} if it is not a JSON object
   */
  config(part: string, name = "config.json"): Promise<ConfigFile> {
    return ConfigFile.read(join(this.path, part, name));
  }

  /**
   * The file of a network's weights: of safetensors rather than of pickles, and of the type that is computed in rather than
   * of the other.
   *
   * @throws {Deno.errors.NotFound} if there is none
   */
  async weights(network: PublishedNetwork, precision: "float32" | "float16"): Promise<string> {
    return await findWeights(this.folder(network), network, precision);
  }

  /** Opens the file of a network's weights. */
  async open(network: PublishedNetwork, precision: "float32" | "float16"): Promise<TensorFile> {
    return await openTensors(await this.weights(network, precision));
  }
}
