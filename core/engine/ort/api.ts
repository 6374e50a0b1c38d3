/**
 * The table of functions behind `OrtGetApiBase`, callable.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { outWord, pointerIn, readString } from "./c_values.ts";
import { check, type Status } from "./error.ts";
import type { OpenLibrary } from "./library.ts";
import { ORT_API, ORT_API_VERSION, type OrtFunction } from "./symbols.ts";

/** ONNX Runtime's C functions; those marked `nonblocking` answer promises. */
export type OrtApi = {
  readonly [K in keyof typeof ORT_API]: Deno.UnsafeFnPointer<(typeof ORT_API)[K]>["call"];
};

/** A bound library. */
export interface BoundApi {
  readonly api: OrtApi;
  /** Version that the library itself reports, as in "1.30.0". */
  readonly version: string;
}

/** `struct OrtApiBase`: two function pointers. */
const GET_API = { offset: 0, parameters: ["u32"], result: "pointer" } as const;
const GET_VERSION = { offset: 8, parameters: [], result: "pointer" } as const;

/**
 * Binds the functions of {@linkcode ORT_API}.
 *
 * @throws {TypeError} if the library is too old to have them
 */
export function bindApi(library: OpenLibrary): BoundApi {
  const base = library.getApiBase();
  if (base === null) throw new Error("Internal: OrtGetApiBase answered null");
  const version = functionAt(base, GET_VERSION.offset, GET_VERSION).call();
  const name = version === null ? "unknown" : readString(version);
  const table = functionAt(base, GET_API.offset, GET_API).call(ORT_API_VERSION);
  if (table === null) {
    throw new GenviewTypeError(
      `Cannot use ONNX Runtime at "${library.path}": version 1.${ORT_API_VERSION} or later is needed, found ${name}`,
    );
  }
  const definitions: Readonly<Record<string, OrtFunction>> = ORT_API;
  const functions = Object.entries(definitions).map(([key, definition]) => {
    const callable = functionAt(table, definition.slot * 8, definition);
    return [key, callable.call.bind(callable)];
  });
  return { api: Object.fromEntries(functions) as unknown as OrtApi, version: name };
}

function functionAt<const F extends Deno.ForeignFunction>(
  struct: Deno.PointerObject,
  offset: number,
  definition: F,
): Deno.UnsafeFnPointer<F> {
  const pointer = new Deno.UnsafePointerView(struct).getPointer(offset);
  if (pointer === null) throw new Error(`Internal: no function at byte ${offset} of the table`);
  return new Deno.UnsafeFnPointer<F>(pointer as Deno.PointerObject<never>, definition);
}

/**
 * Calls a function that answers through a last out-parameter, and gives what it wrote there.
 *
 * @throws {OrtError} if the call fails
 */
export function obtain(
  api: OrtApi,
  action: string,
  call: (out: BigUint64Array<ArrayBuffer>) => Status,
): Deno.PointerObject {
  const out = outWord();
  check(api, call(out), action);
  return pointerIn(out);
}

/** Memory that calls on other threads may touch. */
const held = new Set<unknown>();

/**
 * Waits for a call on another thread while holding on to the memory that it was given.
 *
 * @throws {OrtError} if the call fails
 */
export async function finish(
  api: OrtApi,
  action: string,
  call: Promise<Status>,
  memory: unknown,
): Promise<void> {
  const token = { memory };
  held.add(token);
  try {
    check(api, await call, action);
  } finally {
    held.delete(token);
  }
}
