/**
 * What a model takes and gives: names, element types and shapes.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { formatType, type TensorType } from "../graph/tensor.ts";
import { obtain } from "./api.ts";
import { outInt, outWord, readString } from "./c_values.ts";
import { type Device, formatDevice, sameDevice } from "./device.ts";
import { elementType } from "../onnx/element_types.ts";
import { environment } from "./environment.ts";
import { check } from "./error.ts";

/** Type of a model's input or output; a length that the model leaves open is -1. */
export interface NamedType extends TensorType {
  /** What the model calls it. */
  readonly name: string;
}

/** Inputs and outputs of a model, in its order. */
export interface Signature {
  readonly inputs: readonly NamedType[];
  readonly outputs: readonly NamedType[];
}

/**
 * Reads the signature of an `OrtSession*`.
 *
 * @throws {TypeError} if an input or output is no tensor of a type that is known here
 */
export function readSignature(session: Deno.PointerObject): Signature {
  return { inputs: readSide(session, "Input"), outputs: readSide(session, "Output") };
}

function readSide(session: Deno.PointerObject, side: "Input" | "Output"): NamedType[] {
  const { api } = environment();
  const count = outWord();
  const action = `read the model's ${side.toLowerCase()}s`;
  check(api, api[`SessionGet${side}Count`](session, count), action);
  return Array.from({ length: Number(count[0]) }, (_, i) => {
    const name = readName(session, side, i, action);
    const info = obtain(
      api,
      action,
      (out) => api[`SessionGet${side}TypeInfo`](session, BigInt(i), out),
    );
    try {
      return { name, ...readType(info, `${side.toLowerCase()} "${name}"`) };
    } finally {
      api.ReleaseTypeInfo(info);
    }
  });
}

function readName(
  session: Deno.PointerObject,
  side: "Input" | "Output",
  index: number,
  action: string,
): string {
  const { api, allocator } = environment();
  const text = obtain(
    api,
    action,
    (out) => api[`SessionGet${side}Name`](session, BigInt(index), allocator, out),
  );
  const name = readString(text);
  check(api, api.AllocatorFree(allocator, text), action);
  return name;
}

function readType(info: Deno.PointerObject, where: string): TensorType {
  const { api } = environment();
  const out = outWord();
  check(api, api.CastTypeInfoToTensorInfo(info, out), `read the type of ${where}`);
  const tensor = Deno.UnsafePointer.create(out[0]!);
  if (tensor === null) {
    throw new GenviewTypeError(`Cannot load the model: ${where} must be a tensor`);
  }
  return readTensorType(tensor, where);
}

/**
 * Reads an `OrtTensorTypeAndShapeInfo*`.
 *
 * @throws {TypeError} if the element type is not known here
 */
export function readTensorType(info: Deno.PointerObject, where: string): TensorType {
  const { api } = environment();
  const action = `read the type of ${where}`;
  const number = outInt();
  check(api, api.GetTensorElementType(info, number), action);
  const dtype = elementType(number[0]!);
  if (dtype === undefined) {
    throw new GenviewTypeError(
      `Cannot ${action}: its elements must be numbers or booleans that a tensor here can hold, ` +
        `found ONNX element type ${number[0]}`,
    );
  }
  const rank = outWord();
  check(api, api.GetDimensionsCount(info, rank), action);
  const lengths = new BigInt64Array(Number(rank[0]));
  check(api, api.GetDimensions(info, lengths, rank[0]!), action);
  return { dtype, shape: Array.from(lengths, Number) };
}

/** Whether a tensor's type suits a declared one, where -1 suits every length. */
function suits(declared: TensorType, given: TensorType): boolean {
  return declared.dtype === given.dtype && declared.shape.length === given.shape.length &&
    declared.shape.every((length, axis) => length === -1 || length === given.shape[axis]);
}

/**
 * All that is wrong with tensors given by name for one side of a signature.
 *
 * @param required names that must be there
 */
export function findMismatches(
  side: "input" | "output",
  declared: readonly NamedType[],
  given: Readonly<Record<string, TensorType>>,
  required: readonly string[],
): string[] {
  const byName = new Map(declared.map((type) => [type.name, type]));
  const missing = required.filter((name) => !Object.hasOwn(given, name)).map((name) =>
    `${side} "${name}" is missing: it is ${formatOpen(byName.get(name)!)}`
  );
  const wrong = Object.entries(given).flatMap(([name, type]) => {
    const expected = byName.get(name);
    if (expected === undefined) return [unknownName(side, declared, name)];
    if (suits(expected, type)) return [];
    return [`${side} "${name}" must be ${formatOpen(expected)}, found ${formatType(type)}`];
  });
  return [...missing, ...wrong];
}

/** All that is wrong with where tensors given by name are: a session reads its own device and the host. */
export function findMisplaced(
  side: "input" | "output",
  session: Device,
  given: Readonly<Record<string, Device>>,
): string[] {
  const places = session.provider === "cpu" ? "cpu" : `${formatDevice(session)} or cpu`;
  return Object.entries(given)
    .filter(([, device]) => device.provider !== "cpu" && !sameDevice(device, session))
    .map(([name, device]) =>
      `${side} "${name}" must be on ${places}, found ${formatDevice(device)}`
    );
}

/** Says that there is no such input or output, and which there are. */
export function unknownName(
  side: "input" | "output",
  declared: readonly NamedType[],
  name: string,
): string {
  const known = declared.slice(0, 20).map((type) => `"${type.name}"`).join(", ");
  const more = declared.length > 20 ? ` and ${declared.length - 20} more` : "";
  return `there is no ${side} "${name}", found ${known || "none"}${more}`;
}

/**
 * Throws what was found wrong, all at once.
 *
 * @throws {TypeError} if there is anything
 */
export function rejectMismatches(action: string, mismatches: readonly string[]): void {
  if (mismatches.length === 0) return;
  const [only] = mismatches;
  const list = mismatches.length === 1 ? ` ${only}` : mismatches.map((m) => `\n  - ${m}`).join("");
  throw new GenviewTypeError(`Cannot ${action}:${list}`);
}

function formatOpen({ dtype, shape }: TensorType): string {
  return `${dtype}[${shape.map((length) => length === -1 ? "?" : length).join(",")}]`;
}
