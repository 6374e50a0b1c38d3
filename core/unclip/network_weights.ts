/**
 * Weights of Stable unCLIP's networks, used where they lie in a publisher's file.
 *
 * @module
 */
import { isFloat } from "../engine/graph/dtype.ts";
import { sameShape, type Shape } from "../engine/graph/shape.ts";
import { formatType, type Tensor, tensor } from "../engine/graph/tensor.ts";
import type { Declaration } from "../engine/nn/scope.ts";
import type { ExternalTensor } from "../engine/onnx/tensors.ts";
import { describeMissing, locateIn, refuseProblems } from "../weights/stored_parameters.ts";
import type { TensorFile } from "../weights/tensor_file.ts";
import type { ExpectedTensor } from "../weights/verify_tensors.ts";

/** A network's name for errors, and the names under which a file may have its parameters. */
export interface StoredNetwork {
  /** Its name in errors, such as `UNet`. */
  readonly name: string;
  /** Other names of a parameter, besides the one that it is declared by. */
  readonly aliases?: (parameter: string) => readonly string[];
  /** Whether a tensor of a file is a parameter of the network, so that there must be a place for it (default: all are). */
  readonly belongs?: (name: string) => boolean;
}

/** Diffusers' names of an attention's parts before May 2023, by those since. */
const OLD_ATTENTION: Readonly<Record<string, string>> = {
  "to_q": "query",
  "to_k": "key",
  "to_v": "value",
  "to_out.0": "proj_attn",
};

function oldAttention(parameter: string): readonly string[] {
  const match = /^(.*attentions\.0\.)(to_[qkv]|to_out\.0)\.(weight|bias)$/.exec(parameter);
  return match === null ? [] : [`${match[1]}${OLD_ATTENTION[match[2]!]}.${match[3]}`];
}

/** The decoder of an autoencoder, whose attention was published under other names before May 2023. */
export const STORED_DECODER: StoredNetwork = {
  name: "decoder",
  aliases: oldAttention,
  belongs: (name) => /^(decoder|post_quant_conv)\./.test(name),
};

/** The text encoder, whose files begin all names with those of the model in it, or not. */
export const STORED_TEXT_ENCODER: StoredNetwork = {
  name: "text encoder",
  aliases: (parameter) => [parameter.replace(/^text_model\./, "")],
  // Files of 2023 hold the numbers of the positions, which are no parameter; a whole CLIP holds an image tower.
  belongs: (name) =>
    /^(text_model\.)?(embeddings|encoder|final_layer_norm)\./.test(name) &&
    !name.endsWith(".position_ids"),
};

/** The UNet, whose names have never changed. */
export const STORED_UNET: StoredNetwork = { name: "UNet" };

/** Linear maps are stored as convolutions by single pixels, too. */
function suits(found: Shape, wanted: Shape): boolean {
  return sameShape(found, wanted) ||
    (found.length > wanted.length && sameShape(found.slice(0, wanted.length), wanted) &&
      found.slice(wanted.length).every((length) => length === 1));
}

/** A parameter's tensor in a file. */
interface StoredParameter extends ExpectedTensor {
  readonly name: string;
}

/** The tensor that each parameter of a network lies in, under the name and in the shape that a file has it. */
export function expectedTensors(
  file: TensorFile,
  declarations: ReadonlyMap<string, Declaration>,
  { aliases }: StoredNetwork,
): ReadonlyMap<string, StoredParameter> {
  return new Map([...declarations].map(([parameter, { value: { shape } }]) => {
    const names = [parameter, ...(aliases?.(parameter) ?? [])];
    const name = names.find((candidate) => file.has(candidate));
    if (name === undefined) return [parameter, { name: parameter, shape }];
    const found = file.type(name).shape;
    return [parameter, { name, shape: suits(found, shape) ? found : shape }];
  }));
}

function problemOf(file: TensorFile, { name, shape }: StoredParameter): string | undefined {
  if (!file.has(name)) return describeMissing(file, name, shape);
  const type = file.type(name);
  if (!isFloat(type.dtype)) return `"${name}" must hold floats, found ${formatType(type)}`;
  if (sameShape(type.shape, shape)) return undefined;
  return `"${name}" must be [${shape.join(",")}], found [${type.shape.join(",")}]`;
}

/** The name of each parameter in a file, or an error of all that is wrong. */
function locate(
  file: TensorFile,
  declarations: ReadonlyMap<string, Declaration>,
  network: StoredNetwork,
): ReadonlyMap<string, string> {
  const expected = expectedTensors(file, declarations, network);
  const problems = [...expected.values()].map((stored) => problemOf(file, stored))
    .filter((problem) => problem !== undefined);
  const known = new Set([...expected.values()].map(({ name }) => name));
  const { belongs = () => true } = network;
  const unexpected = file.names.filter((name) => !known.has(name) && belongs(name));
  // Of a parameter that is missing, the name in the file may be a misspelling: then both are listed.
  problems.push(...unexpected.map((name) => `"${name}" is not part of this ${network.name}`));
  refuseProblems(`the ${network.name} from ${file.path}`, problems);
  return new Map([...expected].map(([parameter, { name }]) => [parameter, name]));
}

/**
 * The parameters of a network as initializers of a model: tensors that stay in the file.
 *
 * @param declarations what the network has declared in a scope
 * @throws {TypeError} if a tensor is missing or has another shape; all that is wrong is listed
 */
export async function networkInitializers(
  file: TensorFile,
  declarations: ReadonlyMap<string, Declaration>,
  network: StoredNetwork,
): Promise<Map<string, Tensor | ExternalTensor>> {
  const names = locate(file, declarations, network);
  const place = await locateIn(file);
  const initializers = new Map<string, Tensor | ExternalTensor>();
  for (const [parameter, name] of names) {
    const { shape } = declarations.get(parameter)!.value;
    const read = async () => tensor(file.type(name).dtype, shape, (await file.read(name)).data);
    initializers.set(parameter, place(name, shape) ?? await read());
  }
  return initializers;
}
