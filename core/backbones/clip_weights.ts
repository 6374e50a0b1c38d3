/**
 * Weights of CLIP's image towers, used where they lie in a publisher's file.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { allocate, isFloat } from "../engine/graph/dtype.ts";
import { decodeNumbers, encodeNumbers } from "../engine/graph/numbers.ts";
import { elementCount, type Shape } from "../engine/graph/shape.ts";
import { formatType, type Tensor, tensor, type TensorType } from "../engine/graph/tensor.ts";
import { input } from "../engine/graph/value.ts";
import { type Declaration, Scope } from "../engine/nn/scope.ts";
import type { ExternalTensor } from "../engine/onnx/tensors.ts";
import { describeMissing, locateIn, refuseProblems } from "../weights/stored_parameters.ts";
import type { TensorFile } from "../weights/tensor_file.ts";
import { type ExpectedTensor, verifyTensors } from "../weights/verify_tensors.ts";
import {
  type ClipLayout,
  clipLayout,
  type ClipLayoutName,
  clipLayoutOf,
  type StoredAs,
  TIMM_ZERO_BIAS,
} from "./clip_layouts.ts";
import type { ClipModel } from "./clip_models.ts";

/** Parameters of a tower, by open_clip's names. */
export type Declarations = ReadonlyMap<string, Declaration>;

/** The shape of the tensor that a parameter, or these rows of it, lies in; further rows make it longer. */
function storedShape(shape: Shape, { rows, transposed }: StoredAs): Shape {
  if (transposed) return shape.toReversed();
  return rows === undefined ? shape : [rows[1], ...shape.slice(1)];
}

function entriesOf(layout: ClipLayout, declarations: Declarations): Map<string, ExpectedTensor> {
  const entries = new Map<string, ExpectedTensor>();
  for (const [parameter, { value }] of declarations) {
    const stored = layout.locate(parameter);
    const shape = storedShape(value.shape, stored);
    const known = entries.get(stored.name)?.shape[0] ?? 0;
    if (known <= shape[0]!) entries.set(stored.name, { shape });
  }
  return entries;
}

/**
 * The tensors that a publisher's file of a tower has, by name.
 *
 * @param declarations what the tower has declared in a scope
 */
export function clipStateDict(
  layout: ClipLayoutName,
  declarations: Declarations,
): Map<string, ExpectedTensor> {
  return entriesOf(clipLayout(layout), declarations);
}

/** The tensors that a publisher's file of a model has, by name. */
export function clipTensors(
  model: Pick<ClipModel, "apply" | "inputSize">,
  layout: ClipLayout,
): Map<string, ExpectedTensor> {
  const scope = new Scope();
  model.apply(scope, input("images", "float32", [1, 3, model.inputSize, model.inputSize]));
  return entriesOf(layout, scope.declarations);
}

function problemsOf(file: TensorFile, layout: ClipLayout, declarations: Declarations): string[] {
  const entries = entriesOf(layout, declarations);
  const { missing, unexpected, misshapen } = verifyTensors(entries, file, layout.belongs);
  return [
    ...missing.map((name) => describeMissing(file, name, entries.get(name)!.shape)),
    ...unexpected.map((name) => `"${name}" is not part of this tower`),
    ...misshapen.map(({ name, expected, found }) =>
      `"${name}" must be [${expected.join(",")}], found [${found.join(",")}]`
    ),
    ...[...entries.keys()].filter((name) => file.has(name) && !isFloat(file.type(name).dtype))
      .map((name) => `"${name}" must hold floats, found ${formatType(file.type(name))}`),
  ];
}

/** Refuses a bias that the tower has no place for, unless it adds nothing. */
async function checkZeroBias(file: TensorFile, layout: ClipLayout): Promise<void> {
  if (layout.name !== "timm" || !file.has(TIMM_ZERO_BIAS)) return;
  const { data } = await file.read(TIMM_ZERO_BIAS);
  if ((data as Float32Array).some((value) => value !== 0)) {
    throw new GenviewTypeError(
      `Cannot read an image tower from ${file.path}: "${TIMM_ZERO_BIAS}" must be zero, as CLIP's ` +
        "projection has no bias, found other values",
    );
  }
}

/**
 * Where each parameter of a tower lies in a file, in the names of open_clip, transformers or timm. Of a whole CLIP, the
 * text tower is passed over.
 */
async function locate(
  file: TensorFile,
  declarations: Declarations,
): Promise<ReadonlyMap<string, StoredAs>> {
  const layout = clipLayoutOf(file);
  refuseProblems(
    `an image tower from ${file.path}, which has the names of ${layout.name}`,
    problemsOf(file, layout, declarations),
  );
  await checkZeroBias(file, layout);
  return new Map([...declarations.keys()].map((name) => [name, layout.locate(name)]));
}

/** Elements `[from, to)` of a tensor's rows, in memory of their own if they are not all. */
function cutRows(value: Tensor, { rows }: StoredAs): Tensor {
  if (rows === undefined) return value;
  const shape = [rows[1] - rows[0], ...value.shape.slice(1)];
  const row = elementCount(shape.slice(1));
  return tensor(value.dtype, shape, value.data.slice(rows[0] * row, rows[1] * row));
}

function transposeMatrix(value: Tensor): Tensor {
  const [rows, columns] = value.shape as [number, number];
  const data = allocate(value.dtype, value.data.length) as Float32Array<ArrayBuffer>;
  const from = value.data as Float32Array<ArrayBuffer>;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) data[x * rows + y] = from[y * columns + x]!;
  }
  return tensor(value.dtype, [columns, rows], data);
}

/** Reads one parameter as it is stored, into memory of its own. */
async function readStored(file: TensorFile, stored: StoredAs): Promise<Tensor> {
  const value = cutRows(await file.read(stored.name), stored);
  return stored.transposed ? transposeMatrix(value) : value;
}

/**
 * The parameters of a tower as initializers of a model: tensors that stay in the file, except those that the file has
 * transposed or in pieces, which are read one at a time.
 *
 * @throws {TypeError} if a tensor is missing or has another shape, or the file has more of an image tower than this one;
 * all that is wrong is listed
 */
export async function clipInitializers(
  file: TensorFile,
  declarations: Declarations,
): Promise<Map<string, Tensor | ExternalTensor>> {
  const located = await locate(file, declarations);
  const place = await locateIn(file);
  const initializers = new Map<string, Tensor | ExternalTensor>();
  for (const [name, stored] of located) {
    const { shape } = declarations.get(name)!.value;
    const external = stored.transposed ? undefined : place(stored.name, shape, stored.rows?.[0]);
    initializers.set(name, external ?? await readStored(file, stored));
  }
  return initializers;
}

function convert(value: Tensor, dtype: TensorType["dtype"]): Tensor {
  if (value.dtype === dtype) return value;
  return tensor(dtype, value.shape, encodeNumbers(dtype, decodeNumbers(value)));
}

/**
 * Reads the parameters of a tower, one at a time and in the types that they are declared with: for a graph that is fed
 * with them, such as a training step that a tower is a part of.
 *
 * @throws {TypeError} if a tensor is missing or has another shape, or the file has more of an image tower than this one;
 * all that is wrong is listed
 */
export async function* readClipWeights(
  file: TensorFile,
  declarations: Declarations,
): AsyncGenerator<readonly [name: string, value: Tensor]> {
  const located = await locate(file, declarations);
  for (const [name, stored] of located) {
    yield [name, convert(await readStored(file, stored), declarations.get(name)!.value.dtype)];
  }
}
