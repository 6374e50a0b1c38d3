/**
 * Installing ONNX Runtime's CUDA execution provider.
 *
 * @module
 */
import { dirname, join } from "node:path";
import {
  GenviewAlreadyExists,
  GenviewError,
  GenviewSyntaxError,
  GenviewTypeError,
} from "../errors/mod.ts";
import { availableProviders, ortLibraryPath, ortVersion } from "../engine/ort/mod.ts";
import { explainingFileErrors, systemCode } from "../files/file_error.ts";
import { FolderLock } from "../files/folder_lock.ts";
import { ifThere } from "../files/if_there.ts";
import { removeTemporaries, writeAll, writeNewFile } from "../files/new_file.ts";
import { openRandomAccess } from "../files/random_access.ts";
import { downloadFile } from "../weights/download.ts";
import { locateZipData, readZipEntries, type ZipEntry } from "../weights/zip.ts";
import { chooseWheel, PROVIDER_PACKAGE, providerBuild, WHEEL_FOLDER } from "./provider_build.ts";
import { type IndexOptions, listWheels, wheelFacts } from "./wheel_index.ts";

/** Where the provider comes from and goes to. */
export interface InstallCudaOptions {
  /** Address of a simple index of Python packages (default PyPI's). */
  readonly index?: string | undefined;
  /**
   * Folder for the provider together with the main library of the same build; when left out, the provider is put beside
   * the library in use, where that looks for it.
   */
  readonly outputDir?: string | undefined;
  /** Whether an earlier provider is replaced (default false). */
  readonly overwrite?: boolean | undefined;
}

/** How an installation is stopped and followed. */
export interface InstallControl {
  /** Ends the download; the next call resumes there. */
  readonly signal?: AbortSignal | undefined;
  /** Receives how many bytes of the wheel are there. */
  readonly onProgress?: ((name: string, received: number, size: number) => void) | undefined;
}

/** What was installed. */
export interface InstalledCuda {
  /** Paths of the provider's files. */
  readonly providers: readonly string[];
  /** The main library beside them, which `GENVIEW_ORT_LIBRARY` must name; undefined where it is the one in use. */
  readonly library?: string;
  /** Name of the wheel that they are from. */
  readonly wheel: string;
  /** Its SHA-256, as the index says and as it was found. */
  readonly sha256: string;
}

/** What is to be done. */
interface Plan {
  readonly version: string;
  readonly folder: string;
  /** Names of the files to take out of the wheel, in this order. */
  readonly files: readonly string[];
  readonly providers: readonly string[];
  readonly library: string | undefined;
}

function planOf(outputDir: string | undefined): Plan {
  const version = ortVersion();
  const { providers, library } = providerBuild(version);
  if (outputDir !== undefined) {
    return { version, folder: outputDir, files: [library, ...providers], providers, library };
  }
  const used = ortLibraryPath();
  if (!availableProviders().includes("CUDAExecutionProvider")) {
    throw new GenviewTypeError(
      `Cannot install the CUDA provider beside ${used}: that library is built without CUDA; --output-dir DIR installs ` +
        "one that is built with it",
    );
  }
  return { version, folder: dirname(used), files: providers, providers, library: undefined };
}

/** Whether a wheel lies in a folder, which is removed at the end of an installation. */
async function hasWheel(folder: string): Promise<boolean> {
  const entries = Array.fromAsync(Deno.readDir(folder));
  const names = await explainingFileErrors(`read ${folder}`, ifThere(entries)) ?? [];
  return names.some(({ name }) => /^onnxruntime_gpu-.*\.whl(\.incomplete)?$/.test(name));
}

/** Refuses to replace a whole installation; what a stopped one has left does not count. */
async function checkFree({ folder, files }: Plan): Promise<void> {
  if (await hasWheel(folder)) return;
  const found = await Promise.all(files.map(async (name) => {
    const path = join(folder, name);
    return await explainingFileErrors(`read ${path}`, ifThere(Deno.stat(path)));
  }));
  if (found.includes(undefined)) return;
  throw new GenviewAlreadyExists(
    `Cannot install the CUDA provider into ${folder}: ${
      files.at(-1)
    } is there already; --overwrite replaces it`,
  );
}

/** Locks the folder. That of the library in use may be one that only an administrator writes into. */
async function lock(folder: string): Promise<FolderLock> {
  try {
    return await FolderLock.acquire(folder);
  } catch (error) {
    const code = systemCode((error as Error).cause);
    if (code === undefined || !["EACCES", "EPERM", "EROFS"].includes(code)) throw error;
    throw new GenviewError(
      `Cannot install the CUDA provider into ${folder}: the folder must be writable; --output-dir DIR installs provider ` +
        "and library into another",
      { cause: error },
    );
  }
}

/** Unpacks an entry of a wheel into a file, which appears once it is whole. */
async function unpack(
  wheel: string,
  entry: ZipEntry,
  start: number,
  path: string,
): Promise<void> {
  using source = await Deno.open(wheel);
  await source.seek(start, Deno.SeekMode.Start);
  const packed = source.readable.pipeThrough(firstBytes(entry.size));
  const bytes = entry.stored ? packed : packed.pipeThrough(new DecompressionStream("deflate-raw"));
  await writeNewFile(path, async (file) => {
    let size = 0;
    for await (const piece of bytes) {
      await writeAll(file, piece);
      size += piece.length;
    }
    if (size !== entry.unpackedSize) {
      throw new GenviewSyntaxError(
        `Cannot unpack ${entry.name} of ${wheel}: it must have ${entry.unpackedSize} bytes, found ${size}`,
      );
    }
  }, { overwrite: true });
}

/** A stream that ends after so many bytes. */
function firstBytes(count: number): TransformStream<Uint8Array<ArrayBuffer>> {
  let left = count;
  return new TransformStream({
    transform(piece, controller) {
      controller.enqueue(piece.subarray(0, left));
      left -= Math.min(piece.length, left);
      if (left === 0) controller.terminate();
    },
  });
}

async function unpackAll(wheel: string, { folder, files }: Plan): Promise<void> {
  using source = await openRandomAccess(wheel);
  const entries = await readZipEntries(source);
  const wanted = files.map((name) => {
    const entry = entries.get(`${WHEEL_FOLDER}/${name}`);
    if (entry !== undefined && (entry.stored || entry.deflated)) return { name, entry };
    throw new GenviewSyntaxError(
      `Cannot install from ${wheel}: it must hold ${WHEEL_FOLDER}/${name}, stored or deflated, found ` +
        (entry === undefined ? "no such file" : "another compression"),
    );
  });
  for (const { name, entry } of wanted) {
    await unpack(wheel, entry, await locateZipData(source, entry), join(folder, name));
  }
}

/**
 * Installs the CUDA execution provider that belongs to the ONNX Runtime in use: downloads the official wheel
 * `onnxruntime-gpu` of the same version, checks the whole of it against the SHA-256 that the index gives, and puts its
 * provider where ONNX Runtime looks for it, beside its main library. A download that breaks off is resumed by the next
 * call. The wheel, some 200 MB, is removed afterwards.
 *
 * PyPI has one build of each version: that of 1.30.0 is for CUDA 13. Builds for CUDA 12 are in indexes of
 * their own, where there is one of the same version.
 *
 * ```ts ignore
 * const { providers } = await installCuda();
 * ```
 *
 * @throws {TypeError} if there is no build for the system or the version, or the library in use is built without CUDA
 * @throws {SyntaxError} if the wheel's bytes are not those that the index promises; nothing is installed
 * @throws {Deno.errors.AlreadyExists} if a provider is there and `overwrite` is not set
 * @throws {GenviewError} if the network fails or the system refuses to write
 */
export async function installCuda(
  { index, outputDir, overwrite = false }: InstallCudaOptions = {},
  { signal, onProgress }: InstallControl = {},
): Promise<InstalledCuda> {
  const plan = planOf(outputDir);
  const { folder, version } = plan;
  if (!overwrite) await checkFree(plan);
  using _lock = await lock(folder);
  await removeTemporaries(folder);
  const asked: IndexOptions = { index, signal };
  const wheel = chooseWheel(
    await listWheels(PROVIDER_PACKAGE, asked),
    version,
    providerBuild(version),
  );
  const { size, checksum } = await wheelFacts(wheel, asked);
  const path = join(folder, wheel.name);
  await downloadFile({ url: wheel.url, size, checksum, path }, {
    ...(signal && { signal }),
    onProgress: (received) => onProgress?.(wheel.name, received, size),
  });
  await unpackAll(path, plan);
  await explainingFileErrors(`remove ${path}`, Deno.remove(path));
  return {
    providers: plan.providers.map((name) => join(folder, name)),
    ...(plan.library !== undefined && { library: join(folder, plan.library) }),
    wheel: wheel.name,
    sha256: checksum.digits,
  };
}
