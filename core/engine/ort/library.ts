/**
 * ONNX Runtime's shared library: where it is, and opening it once.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { ORT_VERSION, ortPackage } from "../../deps/onnxruntime.ts";
import { keepLoaded } from "./keep_loaded.ts";

/** The environment variable that names another library than the npm package's. */
export const LIBRARY_VARIABLE = "GENVIEW_ORT_LIBRARY";

/** An opened library. */
export interface OpenLibrary {
  readonly path: string;
  /** `const OrtApiBase* OrtGetApiBase(void)`. */
  readonly getApiBase: () => Deno.PointerValue;
}

/** The library's place in the npm package, by `Deno.build.os` and `Deno.build.arch`. */
const PACKAGED: Readonly<Record<string, string>> = {
  "linux-x86_64": "bin/napi-v6/linux/x64/libonnxruntime.so.1",
  "linux-aarch64": "bin/napi-v6/linux/arm64/libonnxruntime.so.1",
  "darwin-aarch64": "bin/napi-v6/darwin/arm64/libonnxruntime.1.dylib",
  "windows-x86_64": "bin/napi-v6/win32/x64/onnxruntime.dll",
  "windows-aarch64": "bin/napi-v6/win32/arm64/onnxruntime.dll",
};

/** The npm package's library for a system, or nothing where the package has none. */
export function packagedLibrary(
  os: string = Deno.build.os,
  arch: string = Deno.build.arch,
): URL | undefined {
  const path = PACKAGED[`${os}-${arch}`];
  return path === undefined ? undefined : new URL(path, ortPackage());
}

let chosen: string | undefined;
let opened: OpenLibrary | undefined;

/**
 * Makes the SDK use the ONNX Runtime library at `path` instead of the npm package's. Call it before anything else
 * that runs a graph; environment variable `GENVIEW_ORT_LIBRARY` does the same without a change of code.
 *
 * @throws {TypeError} if another library is in use already
 */
export function useLibrary(path: string): void {
  if (opened !== undefined && opened.path !== path) {
    throw new GenviewTypeError(
      `Cannot use ONNX Runtime at "${path}": the library must be chosen before its first use, ` +
        `found "${opened.path}" in use`,
    );
  }
  chosen = path;
}

/**
 * The library in use; opened by the first call. It is the one of {@linkcode useLibrary}, else the one that
 * `GENVIEW_ORT_LIBRARY` names, else the npm package's. A library that was asked for is never replaced by another.
 *
 * @throws {TypeError} if it cannot be opened; the message lists what was tried
 * @throws {Deno.errors.NotCapable} without `--allow-ffi`
 */
export function openLibrary(): OpenLibrary {
  return opened ??= open(locate());
}

interface Location {
  readonly path: string | undefined;
  /** What was looked at, in order, for the error message. */
  readonly tried: readonly string[];
}

function locate(): Location {
  if (chosen !== undefined) return { path: chosen, tried: [`useLibrary("${chosen}")`] };
  const tried = ["useLibrary(): not called"];
  const variable = readVariable(LIBRARY_VARIABLE);
  if (variable.value !== undefined) {
    tried.push(`environment variable ${LIBRARY_VARIABLE}: "${variable.value}"`);
    return { path: variable.value, tried };
  }
  tried.push(`environment variable ${LIBRARY_VARIABLE}: ${variable.why}`);
  const url = packagedLibrary();
  if (url === undefined) {
    const system = `${Deno.build.os} ${Deno.build.arch}`;
    tried.push(`npm:onnxruntime-node@${ORT_VERSION}: it has no library for ${system}`);
    return { path: undefined, tried };
  }
  const path = filePath(url);
  tried.push(`npm:onnxruntime-node@${ORT_VERSION}: "${path}"`);
  return { path, tried };
}

/** Reads a variable without ever raising a permission prompt. */
function readVariable(name: string): { readonly value?: string; readonly why: string } {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  if (state !== "granted") return { why: `not readable without --allow-env=${name}` };
  const value = Deno.env.get(name);
  return value === undefined || value === "" ? { why: "not set" } : { value, why: "set" };
}

function filePath(url: URL): string {
  const path = decodeURIComponent(url.pathname);
  return Deno.build.os === "windows" ? path.slice(1).replaceAll("/", "\\") : path;
}

function open({ path, tried }: Location): OpenLibrary {
  const list = tried.map((line) => `\n  - ${line}`).join("");
  if (path === undefined) {
    throw new GenviewTypeError(
      `Cannot open ONNX Runtime: no library for this system was found. Tried:${list}\n` +
        `Name a library of ONNX Runtime ${ORT_VERSION} in ${LIBRARY_VARIABLE}.`,
    );
  }
  try {
    const { symbols } = Deno.dlopen(path, {
      OrtGetApiBase: { parameters: [], result: "pointer" },
    });
    keepLoaded(path);
    return { path, getApiBase: () => symbols.OrtGetApiBase() };
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GenviewTypeError(`Cannot open ONNX Runtime: ${reason}. Tried:${list}`, { cause });
  }
}
