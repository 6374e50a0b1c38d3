/**
 * Tensors in PyTorch's files (`.pth`, `.pt`, `.bin`), read one at a time. No code that a file names is ever run.
 *
 * @module
 */
import { GenviewRangeError } from "../errors/mod.ts";
import { byteSize, viewBytes } from "../engine/graph/dtype.ts";
import { elementCount } from "../engine/graph/shape.ts";
import { formatType, type Tensor, tensor, type TensorType } from "../engine/graph/tensor.ts";
import { inContext } from "../errors/in_context.ts";
import { isLegacyPth, type PthContent, readLegacyPth, readPthArchive } from "./pth_layout.ts";
import { type NamedTensors, nameTensors } from "./pth_names.ts";
import type { StoredTensor } from "./pth_objects.ts";
import { openRandomAccess, type RandomAccess } from "../files/random_access.ts";
import { refuseOtherFiles } from "./other_files.ts";
import { readStrided } from "./strided.ts";
import { noSuchTensor, type TensorFile } from "./tensor_file.ts";

/**
 * How much larger than its file a tensor may be. One that repeats elements (stride 0) could be of any size; a file has
 * some hundred bytes beside its data, so that small ones that do so by intent are within this.
 */
const MAX_EXPANSION = 16;

/** Which tensors of a file are named. */
export interface OpenPthOptions {
  /**
   * Entry within which names count; the whole file if it is empty. When left out it is `state_dict` if the file has
   * one, or else the whole file.
   */
  readonly root?: string;
}

/** An open PyTorch file; closes with `using`. */
export class PthFile implements TensorFile {
  readonly #source: RandomAccess;
  readonly #named: NamedTensors;
  readonly #places: ReadonlyMap<string, number>;

  /** For {@linkcode openPth}, which reads the pickle and locates the storages first. */
  constructor(source: RandomAccess, named: NamedTensors, places: ReadonlyMap<string, number>) {
    this.#source = source;
    this.#named = named;
    this.#places = places;
  }

  /** Where the file lies. */
  get path(): string {
    return this.#source.path;
  }

  /** Names of the tensors, in the order of the file; those in nested dictionaries are joined with dots. */
  get names(): readonly string[] {
    return [...this.#named.tensors.keys()];
  }

  /** What cannot be read, by name, each with the reason: such as values of classes that are not known. */
  get unreadable(): ReadonlyMap<string, string> {
    return this.#named.unreadable;
  }

  /** Whether there is a tensor of this name that can be read. */
  has(name: string): boolean {
    return this.#named.tensors.has(name);
  }

  #stored(name: string): StoredTensor {
    const stored = this.#named.tensors.get(name);
    if (stored) return stored;
    throw noSuchTensor(name, this);
  }

  #place({ storage, start }: StoredTensor): number {
    return this.#places.get(storage.key)! + start;
  }

  /**
   * Element type and shape of a tensor.
   *
   * @throws {RangeError} if there is none of this name
   * @throws {TypeError} if it cannot be read
   */
  type(name: string): TensorType {
    const { dtype, shape } = this.#stored(name);
    return { dtype, shape };
  }

  /**
   * Where a tensor's first byte lies, counted from the start of the file; undefined if its elements do not follow each
   * other row by row.
   *
   * @throws {RangeError} if there is none of this name
   * @throws {TypeError} if it cannot be read
   */
  offset(name: string): number | undefined {
    const stored = this.#stored(name);
    return stored.contiguous ? this.#place(stored) : undefined;
  }

  /**
   * Reads one tensor into memory of its own, row by row whatever its strides are.
   *
   * @throws {RangeError} if there is none of this name
   * @throws {TypeError} if it cannot be read
   * @throws {SyntaxError} if the file has been cut since it was opened
   */
  async read(name: string): Promise<Tensor> {
    const stored = this.#stored(name);
    const { dtype, shape, strides } = stored;
    const offset = this.#place(stored);
    const bytes = elementCount(shape) * byteSize(dtype);
    try {
      if (stored.contiguous) {
        return tensor(dtype, shape, viewBytes(dtype, await this.#source.read(offset, bytes)));
      }
      if (bytes > MAX_EXPANSION * this.#source.size) {
        throw new GenviewRangeError(
          `a ${formatType(stored)} that repeats its elements must not take more than ` +
            `${MAX_EXPANSION} times the file's ${this.#source.size} bytes, found ${bytes}`,
        );
      }
      return tensor(
        dtype,
        shape,
        await readStrided(this.#source, { dtype, shape, strides, offset }),
      );
    } catch (cause) {
      throw inContext(`read tensor "${name}" of ${this.path}`, cause);
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]();
  }
}

async function readContent(source: RandomAccess): Promise<PthContent> {
  const start = await source.read(0, Math.min(source.size, 14));
  return isLegacyPth(start) ? await readLegacyPth(source) : await readPthArchive(source);
}

async function locateStorages(
  { locate }: PthContent,
  { tensors }: NamedTensors,
): Promise<Map<string, number>> {
  const places = new Map<string, number>();
  const lengths = new Map<string, number>();
  for (const { storage } of tensors.values()) {
    // One name may stand for storages of two types, of which the longer one has to be there.
    const bytes = storage.length * byteSize(storage.dtype);
    if (bytes <= (lengths.get(storage.key) ?? -1)) continue;
    places.set(storage.key, await locate(storage));
    lengths.set(storage.key, bytes);
  }
  return places;
}

/**
 * Opens a PyTorch file, a zip archive or in the format before 1.6, and reads its pickle; no tensor is read yet.
 * Classes and functions that the pickle names are never looked up: what they would make is opaque, and only asking for
 * it as a tensor is an error.
 *
 * @param file its path, or its bytes by position, which the result closes
 * @throws {SyntaxError} if the file breaks a rule of the format, or is compressed
 * @throws {RangeError} if it has no entry of the name `root`
 */
export async function openPth(
  file: string | RandomAccess,
  options: OpenPthOptions = {},
): Promise<PthFile> {
  using owned = new DisposableStack();
  const source = owned.use(typeof file === "string" ? await openRandomAccess(file) : file);
  try {
    await refuseOtherFiles(source);
    const content = await readContent(source);
    const named = nameTensors(content.value, options.root, content.pickleBytes);
    const opened = new PthFile(source, named, await locateStorages(content, named));
    owned.move();
    return opened;
  } catch (cause) {
    throw inContext(`read ${source.path}`, cause);
  }
}
