/**
 * Weights of a method's heads, and of its moving averages, from a checkpoint of the same method.
 *
 * @module
 */
import { decodeNumbers, encodeNumbers } from "../engine/graph/numbers.ts";
import { isFloat } from "../engine/graph/dtype.ts";
import { sameShape } from "../engine/graph/shape.ts";
import { formatType, type Tensor, tensor, type TensorType } from "../engine/graph/tensor.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import { findEncoder, partOf } from "../weights/find_encoder.ts";
import { headNames, recognizeLayout } from "../weights/layouts/layouts.ts";
import { openTensors } from "../weights/open_tensors.ts";
import { refuseProblems } from "../weights/stored_parameters.ts";
import type { TensorFile } from "../weights/tensor_file.ts";
import { weightsFileOf } from "./backbone_weights.ts";

/** Weights of heads that were opened for a method. */
export interface HeadWeights {
  /** Parameters and buffers by the names that a run gives them, such as `projector.fc0.weight`. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The program and method whose checkpoint the file is. */
  readonly layout: string;
  /** Parameters and buffers of the method's heads that the file does not have; counts of batches are not listed. */
  readonly missing: readonly string[];
}

const BACKBONE = "backbone.";
const MOMENTUM_BACKBONE = "momentum_encoder.backbone.";

/** Where a file has the tensors of a method beside its trained backbone: readers by the names of a run. */
function locate(
  file: TensorFile,
  wanted: ReadonlyMap<string, TensorType>,
): ReadonlyMap<string, { type: TensorType; read: () => Promise<Tensor> }> {
  const found = new Map<string, { type: TensorType; read: () => Promise<Tensor> }>();
  const headOf = headNames(recognizeLayout(file.names));
  for (const name of file.names) {
    const own = headOf(name);
    if (own === undefined || !wanted.has(own)) continue;
    found.set(own, { type: file.type(name), read: () => file.read(name) });
  }
  const backbone = new Set(
    [...wanted.keys()].filter((name) => name.startsWith(MOMENTUM_BACKBONE))
      .map((name) => name.slice(MOMENTUM_BACKBONE.length)),
  );
  const { prefix, scheme } = findEncoder(file.names, backbone, "momentum");
  if (prefix === undefined) return found;
  const part = partOf(file, prefix, scheme);
  for (const name of backbone) {
    if (!part.has(name)) continue;
    found.set(MOMENTUM_BACKBONE + name, {
      type: part.type(name),
      read: () => part.read(name),
    });
  }
  return found;
}

/**
 * Opens what a checkpoint has of a method beside the trained backbone: projector, predictor and prototypes, and the moving
 * averages of encoder and projector. Names are translated from those of the layouts of core/weights.
 *
 * @param path a run's or checkpoint's folder, or a file
 * @param model types of all parameters and buffers of the method by a run's names
 * @throws {TypeError} if the file has none of the heads' tensors, or some of other shapes, with all of them listed
 * @throws {SyntaxError} if the file breaks a rule of its format
 */
export async function openHeadWeights(
  path: string,
  model: ReadonlyMap<string, TensorType>,
): Promise<HeadWeights> {
  const wanted = new Map([...model].filter(([name]) => !name.startsWith(BACKBONE)));
  using file = await openTensors(await weightsFileOf(path));
  const layout = recognizeLayout(file.names).name;
  const located = locate(file, wanted);
  const heads = [...located.keys()].filter((name) => !name.startsWith(MOMENTUM_BACKBONE));
  if (heads.length === 0) {
    throw new GenviewTypeError(
      `Cannot take heads from ${file.path}: it must have some of the method's, found none in its layout (${layout}); ` +
        "leave out --from-heads",
    );
  }
  refuseProblems(
    `heads from ${file.path}`,
    [...located].filter(([name, { type }]) =>
      !sameShape(type.shape, wanted.get(name)!.shape) ||
      isFloat(type.dtype) !== isFloat(wanted.get(name)!.dtype)
    ).map(([name, { type }]) =>
      `"${name}" must be ${formatType(wanted.get(name)!)}, found ${formatType(type)}`
    ),
  );
  const tensors = new Map<string, Tensor>();
  for (const [name, { read }] of located) {
    const value = await read();
    const { dtype } = wanted.get(name)!;
    tensors.set(
      name,
      value.dtype === dtype
        ? value
        : tensor(dtype, value.shape, encodeNumbers(dtype, decodeNumbers(value))),
    );
  }
  return {
    tensors,
    layout,
    missing: [...wanted].filter(([name, { dtype }]) => isFloat(dtype) && !tensors.has(name))
      .map(([name]) => name),
  };
}

/** Says in a line what was read, and what is missing. */
export function describeHeadWeights({ tensors, layout, missing }: HeadWeights): string {
  const listed = missing.slice(0, 4).join(", ") +
    (missing.length > 4 ? ` and ${missing.length - 4} more` : "");
  return `${tensors.size} tensors of heads and moving averages (${layout})` +
    (missing.length === 0 ? "" : `; missing: ${listed}`);
}
