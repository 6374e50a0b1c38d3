/**
 * The library of MPI: which one suits the launcher, loading it, telling its kind and calling its functions.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { outInt } from "../engine/ort/c_values.ts";
import type { Launcher, MpiKind } from "./launcher.ts";
import {
  MPI_FUNCTIONS,
  type MpiArguments,
  MPICH_CONSTANTS,
  type MpiConstants,
  type MpiFunction,
  openMpiConstants,
  TEXT_BYTES,
} from "./mpi_signatures.ts";
import { loadNativeLibrary, type NativeLibrary } from "./native_library.ts";

/** The environment variable that names the library of MPI. */
export const MPI_LIBRARY_VARIABLE = "GENVIEW_MPI_LIBRARY";

interface KindNames {
  readonly name: string;
  /** Debian's packages with the library and its launcher. */
  readonly packages: string;
  /** What the system's loader knows the library by: Debian's name for MPICH's first, then MPICH's own. */
  readonly libraries: readonly string[];
}

const IS_MACOS = Deno.build.os === "darwin";

/** What the kinds of MPI are called. */
export const MPI_KINDS: Readonly<Record<MpiKind, KindNames>> = {
  openmpi: {
    name: "Open MPI",
    packages: "openmpi-bin libopenmpi-dev",
    libraries: IS_MACOS ? ["libmpi.40.dylib"] : ["libmpi.so.40"],
  },
  mpich: {
    name: "MPICH",
    packages: "mpich",
    libraries: IS_MACOS ? ["libmpi.12.dylib"] : ["libmpich.so.12", "libmpi.so.12"],
  },
};

/** A call of MPI on the thread of JavaScript, which it blocks. */
type Call = <F extends MpiFunction>(name: F, ...given: MpiArguments<F>) => number;

/** A call of MPI on another thread. */
type CallAside = <F extends MpiFunction>(name: F, ...given: MpiArguments<F>) => Promise<number>;

/** A library of MPI, loaded. */
export interface MpiLibrary {
  readonly kind: MpiKind;
  /** Its name and version, such as `Open MPI v4.1.4`. */
  readonly version: string;
  /** As it was loaded by. */
  readonly path: string;
  readonly constants: MpiConstants;
  readonly call: Call;
  readonly callAside: CallAside;
  /** Reads a handle that a function wrote to eight bytes. */
  readonly handleIn: (word: BigUint64Array<ArrayBuffer>) => number;
  /** Whether it takes addresses of CUDA's memory where it takes those of the host's. */
  readonly takesCudaMemory: () => boolean;
}

/** The address of an array's first element. The array's memory must not be one that the garbage collector moves. */
export function addressOf(array: ArrayBufferView<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(array as Uint8Array<ArrayBuffer>));
}

/**
 * Loads the library that suits a launcher.
 *
 * @param named by the user, by a path or by what the system's loader knows; used instead of the launcher's
 * @param load a library by its name, or say why it cannot be
 * @throws {TypeError} if none can be loaded, or it is of a kind that is not supported
 * @throws {Deno.errors.NotCapable} without `--allow-ffi`
 */
export function loadMpi(
  { name, starts }: Pick<Launcher, "name" | "starts">,
  named?: string,
  load: typeof loadNativeLibrary = loadNativeLibrary,
): MpiLibrary {
  const kinds = starts.map((kind) => MPI_KINDS[kind]);
  const paths = named === undefined ? kinds.flatMap(({ libraries }) => libraries) : [named];
  const tried: string[] = [];
  for (const path of paths) {
    const library = load(path);
    if (typeof library !== "string") return openMpi(path, library);
    tried.push(library);
  }
  const installs = kinds.map(({ packages }) => `apt-get install ${packages}`).join(", or ");
  const remedy = named === undefined
    ? `install it (Debian, Ubuntu: ${installs}) or name its file in ${MPI_LIBRARY_VARIABLE}`
    : `${MPI_LIBRARY_VARIABLE} must name a library of Open MPI or MPICH, or not be set`;
  throw new GenviewTypeError(
    `Cannot join the processes of ${name}: the library of ${
      kinds.map((kind) => kind.name).join(" or ")
    } must load, found ${tried.join("; ")}; ${remedy}`,
  );
}

type NativeType = "u64" | "i32";

/** A function of the library; called aside, it runs on another thread. */
interface Bound<Answer> {
  call(...given: unknown[]): Answer;
}

/** A function that returns an `int`, on this thread or on another one. */
function bindFunction<Aside extends boolean>(
  pointer: Deno.PointerObject,
  parameters: readonly NativeType[],
  nonblocking: Aside,
): Bound<Aside extends true ? Promise<number> : number> {
  const definition = { parameters, result: "i32", nonblocking } as const;
  const typed = pointer as Deno.PointerObject<typeof definition>;
  return new Deno.UnsafeFnPointer(typed, definition) as unknown as Bound<
    Aside extends true ? Promise<number> : number
  >;
}

/** A library's functions, by kind. */
function openMpi(path: string, library: NativeLibrary): MpiLibrary {
  const find = (symbol: string): Deno.PointerObject => {
    const pointer = library.find(symbol);
    if (pointer !== null) return pointer;
    throw new GenviewTypeError(
      `Cannot use ${path} as a library of MPI: it must have what MPI 3.1 has, found no ${symbol}`,
    );
  };
  const { kind, version } = tellKind(path, askVersion(find("MPI_Get_library_version")));
  const handle = kind === "openmpi" ? "u64" : "i32";
  const native = { address: "u64", int: "i32", handle } as const;
  const bindAll = <Aside extends boolean>(nonblocking: Aside) =>
    new Map<string, ReturnType<typeof bindFunction<Aside>>>(
      Object.entries(MPI_FUNCTIONS).map(([name, parameters]) => {
        const types = parameters.map((parameter) => native[parameter]);
        return [name, bindFunction(find(name), types, nonblocking)];
      }),
    );
  const bound = bindAll(false);
  const boundAside = bindAll(true);
  return {
    kind,
    version,
    path,
    constants: kind === "mpich"
      ? MPICH_CONSTANTS
      : openMpiConstants((symbol) => Number(Deno.UnsafePointer.value(find(symbol)))),
    call: (name, ...given) => bound.get(name)!.call(...given),
    callAside: (name, ...given) => boundAside.get(name)!.call(...given),
    handleIn: (word) => kind === "openmpi" ? Number(word[0]) : new Int32Array(word.buffer)[0]!,
    takesCudaMemory() {
      const query = library.find("MPIX_Query_cuda_support");
      if (query === null) return false;
      return bindFunction(query, [], false).call() === 1;
    },
  };
}

/** What a library says of itself, which it does before it is initialised. */
function askVersion(getVersion: Deno.PointerObject): string {
  const text = new Uint8Array(new ArrayBuffer(TEXT_BYTES));
  const length = outInt();
  bindFunction(getVersion, ["u64", "u64"], false).call(addressOf(text), addressOf(length));
  return new TextDecoder().decode(text.subarray(0, length[0])).split("\0")[0]!;
}

/**
 * The kind of a library by what it says of itself.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { tellKind } from "./mpi_library.ts";
 *
 * const said = "Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4";
 * assertEquals(tellKind("libmpi.so", said), { kind: "openmpi", version: "Open MPI v4.1.4" });
 * ```
 *
 * @throws {TypeError} if it is another one, such as Intel MPI or MVAPICH
 */
export function tellKind(path: string, said: string): Pick<MpiLibrary, "kind" | "version"> {
  const openMpi = /^Open MPI v[^,\s]+/.exec(said);
  if (openMpi !== null) return { kind: "openmpi", version: openMpi[0] };
  const mpich = /^MPICH Version:\s*(\S+)/.exec(said);
  if (mpich !== null) return { kind: "mpich", version: `MPICH v${mpich[1]}` };
  throw new GenviewTypeError(
    `Cannot use ${path}: supported are Open MPI and MPICH, found ${
      said.split("\n")[0]
    }; start the processes by the mpirun of one of them, or name its library in ${MPI_LIBRARY_VARIABLE}`,
  );
}
