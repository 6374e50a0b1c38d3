/**
 * Failures that ONNX Runtime reports.
 *
 * @module
 */
import { GenviewError } from "../../errors/mod.ts";
import type { OrtApi } from "./api.ts";
import { readString } from "./c_values.ts";

/** What kind of failure ONNX Runtime reports: `OrtErrorCode` without its prefix. */
export type OrtErrorCode =
  | "OK"
  | "FAIL"
  | "INVALID_ARGUMENT"
  | "NO_SUCHFILE"
  | "NO_MODEL"
  | "ENGINE_ERROR"
  | "RUNTIME_EXCEPTION"
  | "INVALID_PROTOBUF"
  | "MODEL_LOADED"
  | "NOT_IMPLEMENTED"
  | "INVALID_GRAPH"
  | "EP_FAIL"
  | "MODEL_LOAD_CANCELED"
  | "MODEL_REQUIRES_COMPILATION"
  | "NOT_FOUND"
  | `CODE_${number}`;

/** `enum OrtErrorCode`, in its order. */
const CODES: readonly OrtErrorCode[] = [
  "OK",
  "FAIL",
  "INVALID_ARGUMENT",
  "NO_SUCHFILE",
  "NO_MODEL",
  "ENGINE_ERROR",
  "RUNTIME_EXCEPTION",
  "INVALID_PROTOBUF",
  "MODEL_LOADED",
  "NOT_IMPLEMENTED",
  "INVALID_GRAPH",
  "EP_FAIL",
  "MODEL_LOAD_CANCELED",
  "MODEL_REQUIRES_COMPILATION",
  "NOT_FOUND",
];

/** A failure that ONNX Runtime reports. */
export class OrtError extends GenviewError {
  /** Tells this class from others, also across copies of this module. */
  override readonly name = "OrtError";
  /** The kind of failure. */
  readonly code: OrtErrorCode;

  /** A failure with ONNX Runtime's message. */
  constructor(message: string, code: OrtErrorCode) {
    super(message);
    this.code = code;
  }
}

/** An `OrtStatus*` that a call answered: null is success. */
export type Status = Deno.PointerValue;

/**
 * Throws if a call failed, and releases its status.
 *
 * @param action what was being done, as in "load the model"
 * @throws {OrtError} with ONNX Runtime's message and code
 */
export function check(api: OrtApi, status: Status, action: string): void {
  if (status === null) return;
  const code = api.GetErrorCode(status);
  const text = api.GetErrorMessage(status);
  const message = text === null ? "no message" : readString(text);
  api.ReleaseStatus(status);
  throw new OrtError(`Cannot ${action}: ${message}`, CODES[code] ?? `CODE_${code}`);
}
