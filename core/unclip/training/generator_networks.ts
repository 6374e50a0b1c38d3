/**
 * The networks of a generator's folder: those of one's own, which are checked against their configurations, and those that
 * are taken from other folders.
 *
 * @module
 */
import { join } from "node:path";
import { isFloat } from "../../engine/graph/dtype.ts";
import { decodeNumbers, encodeNumbers } from "../../engine/graph/numbers.ts";
import { formatType, type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { input } from "../../engine/graph/value.ts";
import { Scope } from "../../engine/nn/scope.ts";
import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import { explainingFileErrors } from "../../files/file_error.ts";
import { ConfigFile } from "../../weights/config_file.ts";
import { openTensors } from "../../weights/open_tensors.ts";
import { type TensorSource, writeSafetensors } from "../../weights/safetensors.ts";
import { agrees, verifyTensors } from "../../weights/verify_tensors.ts";
import { denoisingGraph, textGraph } from "../network_graphs.ts";
import {
  type AutoencoderConfig,
  decodeLatents,
  encodeImages,
  latentFactor,
} from "../networks/autoencoder.ts";
import type { TextEncoderConfig } from "../networks/text_encoder.ts";
import type { UnetConfig } from "../networks/unet.ts";
import { findWeights, type PublishedNetwork } from "../published_folder.ts";
import type { Entries } from "./published_configuration.ts";

/** Element type of the weights in a folder. */
export type StoredPrecision = "float32" | "float16";

/** A network that is at hand. */
export interface OwnNetwork<Config> {
  /** Its sizes. */
  readonly config: Config;
  /** Its parameters by diffusers' or transformers' names. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** A network as its folder will hold it. */
export interface SettledNetwork<Config> {
  /** Its sizes. */
  readonly config: Config;
  /** Text of its `config.json`. */
  readonly text: string;
  /** Its parameters, or the file that has them. */
  readonly weights: ReadonlyMap<string, Tensor> | string;
}

/** Entries as the text of a file. */
export function textOf(entries: Entries): string {
  return `${JSON.stringify(entries, undefined, 2)}\n`;
}

/** Reads the text of a file of another folder. */
export async function textIn(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  return await explainingFileErrors(`read ${path}`, Deno.readTextFile(path));
}

/**
 * A network of another folder, whose configuration stays as it is.
 *
 * @param folder the network's own, with `config.json` and weights
 * @param parse reads the configuration
 * @throws {Deno.errors.NotFound} if there is no configuration, or no weights
 * @throws {TypeError} if the configuration asks for what is not supported
 */
export async function copiedNetwork<Config>(
  folder: string,
  network: PublishedNetwork,
  precision: StoredPrecision,
  parse: (file: ConfigFile) => Config,
): Promise<SettledNetwork<Config>> {
  const config = parse(await ConfigFile.read(join(folder, "config.json")));
  const text = await textIn(folder, "config.json");
  return { config, text, weights: await findWeights(folder, network, precision) };
}

/** Declares the parameters of a UNet. */
export function declareUnet(scope: Scope, config: UnetConfig): void {
  const size = [config.sampleSize, config.sampleSize] as const;
  denoisingGraph(scope, config, { batchSize: 1, size, tokens: 1 }, false);
}

/** Declares the parameters of an autoencoder. */
export function declareAutoencoder(scope: Scope, config: AutoencoderConfig): void {
  const { imageChannels, latentChannels } = config;
  const side = latentFactor(config);
  encodeImages(scope, input("images", "float32", [1, imageChannels, side, side]), config);
  decodeLatents(scope, input("latents", "float32", [1, latentChannels, 1, 1]), config);
}

/** Declares the parameters of a text encoder. */
export function declareTextEncoder(scope: Scope, config: TextEncoderConfig): void {
  textGraph(scope, config, 1);
}

/**
 * Refuses parameters that are not those of a configuration.
 *
 * @param what names the network in the error
 * @throws {TypeError} if one is missing, is not part of the network, has another shape or holds no floats
 */
export function checkTensors<Config>(
  what: string,
  { config, tensors }: OwnNetwork<Config>,
  declare: (scope: Scope, config: Config) => void,
): void {
  const scope = new Scope();
  declare(scope, config);
  const expected = new Map(
    [...scope.declarations.values()].map(({ name, value: { shape } }) => [name, { shape }]),
  );
  const differences = verifyTensors(expected, {
    names: [...tensors.keys()],
    type: (name) => tensors.get(name)!,
  });
  const others = [...tensors].filter(([, { dtype }]) => !isFloat(dtype));
  if (agrees(differences) && others.length === 0) return;
  const { missing, unexpected, misshapen } = differences;
  const problems = [
    ...missing.map((name) => `"${name}" is missing`),
    ...unexpected.map((name) => `"${name}" is not part of it`),
    ...misshapen.map(({ name, expected: wanted, found }) =>
      `"${name}" must be [${wanted.join(",")}], found [${found.join(",")}]`
    ),
    ...others.map(([name, type]) => `"${name}" must hold floats, found ${formatType(type)}`),
  ];
  throw new GenviewTypeError(
    `Cannot write the ${what}: its tensors must be those of its configuration, found ` +
      `${problems.length} that differ: ${problems.slice(0, 4).join("; ")}`,
  );
}

/** A tensor in the type that it is stored in; integers stay as they are. */
function converted(name: string, value: Tensor, precision: StoredPrecision): Tensor {
  if (!isFloat(value.dtype) || value.dtype === precision) return value;
  const numbers = decodeNumbers(value);
  const data = encodeNumbers(precision, numbers);
  const overflow = data.findIndex((stored, i) =>
    !Number.isFinite(stored) && Number.isFinite(numbers[i]!)
  );
  if (overflow < 0) return tensor(precision, value.shape, data);
  throw new GenviewRangeError(
    `Cannot store "${name}" in ${precision}: its numbers must be in the type's range, found ` +
      `${numbers[overflow]}; choose float32`,
  );
}

/** Writes the weights of a network, each tensor in the type that is wanted. */
export async function writeWeights(
  path: string,
  weights: SettledNetwork<unknown>["weights"],
  precision: StoredPrecision,
): Promise<void> {
  // transformers reads no file that does not say that its tensors are PyTorch's.
  const options = { metadata: { format: "pt" } };
  if (typeof weights !== "string") {
    const tensors = [...weights].map(([name, value]) =>
      [name, converted(name, value, precision)] as const
    );
    return await writeSafetensors(path, tensors, options);
  }
  using file = await openTensors(weights);
  for (const [name, reason] of file.unreadable) {
    throw new GenviewTypeError(`Cannot copy "${name}" of ${weights}: ${reason}`);
  }
  const sources = file.names.map((name): readonly [string, TensorSource] => {
    const { dtype, shape } = file.type(name);
    return [name, {
      dtype: isFloat(dtype) ? precision : dtype,
      shape,
      read: async () => converted(name, await file.read(name), precision),
    }];
  });
  await writeSafetensors(path, sources, options);
}
