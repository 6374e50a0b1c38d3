/**
 * Weights of a backbone from what people have: a run, or a file of another training program.
 *
 * @module
 */
import { join } from "node:path";
import type { Backbone } from "../backbones/backbone.ts";
import { resampledTable, squareGrid } from "../backbones/resample_positions.ts";
import { isFloat } from "../engine/graph/dtype.ts";
import { decodeNumbers, encodeNumbers } from "../engine/graph/numbers.ts";
import { sameShape } from "../engine/graph/shape.ts";
import { formatType, type Tensor, tensor, type TensorType } from "../engine/graph/tensor.ts";
import { input } from "../engine/graph/value.ts";
import { type Declaration, Scope } from "../engine/nn/scope.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { loadNewestCheckpoint } from "../weights/checkpoint/newest.ts";
import { openTensors } from "../weights/open_tensors.ts";
import { findEncoder, partOf } from "../weights/find_encoder.ts";
import { type EncoderRole, recognizeLayout } from "../weights/layouts/layouts.ts";
import { OWN_NAMES } from "../weights/layouts/name_schemes.ts";
import { describeCandidates } from "../weights/prefix.ts";
import { refuseProblems } from "../weights/stored_parameters.ts";
import { describeNames, type TensorFile } from "../weights/tensor_file.ts";
import { verifyTensors } from "../weights/verify_tensors.ts";

/** Weights that were opened for a backbone. */
export interface BackboneWeights {
  /** File that they were read from. */
  readonly path: string;
  /** Parameters and buffers by the backbone's own names, in the types that it declares. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What stood before the names in the file, such as `module.encoder_q.`; empty if nothing did. */
  readonly prefix: string;
  /** Whose names stood behind that, such as `mmpretrain's ViT`. */
  readonly scheme: string;
  /** The program and method whose checkpoint the file is by its names, such as `mmpretrain: MoCo v3`. */
  readonly layout: string;
  /** Parameters and buffers of the backbone that the file does not have; counts of batches are not listed. */
  readonly missing: readonly string[];
  /** Tensors of the file, by their names in it, that the backbone has no place for. */
  readonly unused: readonly string[];
  /** Number of patches that a ViT's positions were for in the file, if they were resampled to those of the backbone. */
  readonly resampledFrom?: number;
}

/** How {@linkcode openBackboneWeights} reads. */
export interface BackboneWeightsOptions {
  /** Height and width of the images, in pixels; a ViT's positions are resampled to them (default 224). */
  readonly size?: number;
  /** Which of a checkpoint's encoders: the trained one (default), or its moving average. */
  readonly encoder?: EncoderRole;
}

/** The file of weights that a path names: of a run its newest whole checkpoint's. */
export async function weightsFileOf(path: string): Promise<string> {
  const { isDirectory } = await explainingFileErrors(`read ${path}`, Deno.stat(path));
  if (!isDirectory) return path;
  const newest = await loadNewestCheckpoint(join(path, "checkpoints"));
  return join(newest?.path ?? path, "model.safetensors");
}

function convert(value: Tensor, dtype: TensorType["dtype"]): Tensor {
  if (value.dtype === dtype) return value;
  return tensor(dtype, value.shape, encodeNumbers(dtype, decodeNumbers(value)));
}

/** The part of a file that is a backbone's. */
function backbonePart(
  file: TensorFile,
  name: string,
  wanted: ReadonlySet<string>,
  encoder: EncoderRole,
) {
  const found = findEncoder(file.names, wanted, encoder);
  const { prefix, scheme } = found;
  if (prefix !== undefined) return { prefix, scheme, part: partOf(file, prefix, scheme) };
  throw new GenviewTypeError(
    `Cannot read ${name} from ${file.path}: it must hold tensors of its names, such as "${
      [...wanted][0]
    }", ${
      found.candidates.length > 0 ? describeCandidates(found) : `found ${describeNames(file)}`
    }`,
  );
}

/** Name of a ViT's positions. */
const POSITIONS = "pos_embed";

/** A ViT's positions for other images, resampled to those that it declares; undefined if there is nothing to do. */
async function resampledPositions(
  part: TensorFile,
  declarations: ReadonlyMap<string, Declaration>,
): Promise<Tensor | undefined> {
  const declared = declarations.get(POSITIONS)?.value;
  if (declared === undefined || !part.has(POSITIONS)) return undefined;
  const { dtype, shape } = part.type(POSITIONS);
  if (sameShape(shape, declared.shape) || !isFloat(dtype) || !squareGrid(shape)) return undefined;
  const table = convert(await part.read(POSITIONS), "float32") as Tensor<"float32">;
  const made = resampledTable(table, declared.shape);
  return made && convert(made, declared.dtype);
}

/** What is wrong with the tensors that are there. */
function problemsOf(
  part: TensorFile,
  declarations: ReadonlyMap<string, Declaration>,
): string[] {
  const expected = new Map([...declarations].map(([name, { value }]) => [name, value]));
  const { misshapen } = verifyTensors(expected, part);
  return [
    ...misshapen.map(({ name, expected, found }) =>
      `"${name}" must be [${expected.join(",")}], found [${found.join(",")}]`
    ),
    ...[...declarations].filter(([name, { value }]) =>
      part.has(name) && isFloat(value.dtype) && !isFloat(part.type(name).dtype)
    ).map(([name]) => `"${name}" must hold floats, found ${formatType(part.type(name))}`),
    ...[...part.unreadable].filter(([name]) => declarations.has(name))
      .map(([name, reason]) => `"${name}" cannot be read: ${reason}`),
  ];
}

/**
 * Opens weights for a backbone: a run's folder (the newest checkpoint that is whole), a checkpoint's folder, or a file
 * of safetensors or PyTorch's. Checkpoints may be laid out as those of the training programs in `LAYOUTS` of
 * core/weights: what they put before the names is taken off, and names of mmpretrain's and lightly's are translated. A
 * ViT's positions for images of another size are resampled.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { backbone } from "../backbones/registry.ts";
 * import { float32 } from "../engine/graph/tensor.ts";
 * import { writeSafetensors } from "../weights/safetensors.ts";
 * import { openBackboneWeights } from "./backbone_weights.ts";
 *
 * const path = await Deno.makeTempFile({ suffix: ".safetensors" });
 * const values = float32([64], new Float32Array(64));
 * await writeSafetensors(path, [
 *   ["module.encoder_q.bn1.weight", values],
 *   ["module.encoder_q.fc.bias", values],
 * ], { overwrite: true });
 * const { tensors, prefix, unused } = await openBackboneWeights(path, backbone("resnet18"));
 * assertEquals([...tensors.keys()], ["bn1.weight"]);
 * assertEquals(prefix, "module.encoder_q.");
 * assertEquals(unused, ["module.encoder_q.fc.bias"]);
 * await Deno.remove(path);
 * ```
 *
 * @throws {Deno.errors.NotFound} if there is no such file or folder
 * @throws {TypeError} if none of the backbone's tensors is found, with the prefixes that the names have; or if some
 * have other shapes or hold no floats, with all of them listed
 * @throws {SyntaxError} if the file breaks a rule of its format
 */
export async function openBackboneWeights(
  path: string,
  backbone: Backbone,
  { size = 224, encoder = "online" }: BackboneWeightsOptions = {},
): Promise<BackboneWeights> {
  const scope = new Scope();
  backbone.apply(scope, input("images", "float32", [1, 3, size, size]));
  const { declarations } = scope;
  using file = await openTensors(await weightsFileOf(path));
  const wanted = new Set(declarations.keys());
  const { prefix, scheme, part } = backbonePart(file, backbone.name, wanted, encoder);
  const behind = prefix === "" ? "" : ` behind the prefix "${prefix}"`;
  const positions = await resampledPositions(part, declarations);
  const asTheyAre = new Map(declarations);
  if (positions !== undefined) asTheyAre.delete(POSITIONS);
  refuseProblems(`${backbone.name} from ${file.path}${behind}`, problemsOf(part, asTheyAre));
  const tensors = new Map<string, Tensor>();
  for (const [name, { value }] of declarations) {
    if (!part.has(name)) continue;
    const resampled = name === POSITIONS ? positions : undefined;
    tensors.set(name, resampled ?? convert(await part.read(name), value.dtype));
  }
  const used = new Set([...tensors.keys()].map(part.nameInFile));
  return {
    path: file.path,
    tensors,
    prefix,
    scheme: scheme.name,
    layout: recognizeLayout(file.names).name,
    missing: [...declarations.values()]
      .filter(({ name, value }) => isFloat(value.dtype) && !tensors.has(name))
      .map(({ name }) => name),
    unused: file.names.filter((name) => !used.has(name)),
    ...(positions && { resampledFrom: part.type(POSITIONS).shape[1]! - 1 }),
  };
}

function list(names: readonly string[]): string {
  return names.slice(0, 4).join(", ") + (names.length > 4 ? ` and ${names.length - 4} more` : "");
}

/** Says in a line what was read, which prefix was taken off, and what is missing or unused. */
export function describeBackboneWeights(
  { path, tensors, prefix, scheme, missing, unused, resampledFrom }: BackboneWeights,
): string {
  const parts = [
    `${tensors.size} tensors from ${path}`,
    ...(prefix === "" ? [] : [`prefix "${prefix}" taken off`]),
    ...(scheme === OWN_NAMES.name ? [] : [`names translated from ${scheme}`]),
    ...(resampledFrom === undefined ? [] : [
      `positions of ${resampledFrom} patches resampled to ${tensors.get(POSITIONS)!.shape[1]! - 1}`,
    ]),
    ...(missing.length === 0 ? [] : [`missing: ${list(missing)}`]),
    ...(unused.length === 0 ? [] : [`unused: ${list(unused)}`]),
  ];
  return parts.join("; ");
}
