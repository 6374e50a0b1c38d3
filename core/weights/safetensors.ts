/**
 * Tensors in safetensors files, read one at a time and written as a stream.
 *
 * @module
 */
import { GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { byteSize, viewBytes } from "../engine/graph/dtype.ts";
import { elementCount } from "../engine/graph/shape.ts";
import {
  bytesOf,
  formatType,
  sameType,
  type Tensor,
  tensor,
  type TensorType,
} from "../engine/graph/tensor.ts";
import { inContext } from "../errors/in_context.ts";
import { type NewFileOptions, writeAll, writeNewFile } from "../files/new_file.ts";
import { openRandomAccess, type RandomAccess } from "../files/random_access.ts";
import {
  encodeHeader,
  HEADER_LENGTH_BYTES,
  layoutOrder,
  MAX_HEADER_BYTES,
  parseHeader,
  type SafetensorsHeader,
  type TensorRange,
} from "./safetensors_header.ts";
import { refuseOtherFiles } from "./other_files.ts";
import { noSuchTensor, type TensorFile } from "./tensor_file.ts";

async function readHeader(
  source: RandomAccess,
): Promise<{ header: SafetensorsHeader; dataOffset: number }> {
  const { size } = source;
  if (size < HEADER_LENGTH_BYTES) {
    throw new GenviewSyntaxError(
      `the file must have ${HEADER_LENGTH_BYTES} bytes or more, found ${size}`,
    );
  }
  const first = await source.read(0, HEADER_LENGTH_BYTES);
  const length = Number(new DataView(first.buffer).getBigUint64(0, true));
  const limit = Math.min(size - HEADER_LENGTH_BYTES, MAX_HEADER_BYTES);
  if (length > limit) {
    throw new GenviewSyntaxError(
      `the header of a file of ${size} bytes must take at most ${limit}, found ${length}`,
    );
  }
  const dataOffset = HEADER_LENGTH_BYTES + length;
  const bytes = await source.read(HEADER_LENGTH_BYTES, length);
  return { header: parseHeader(bytes, size - dataOffset), dataOffset };
}

/** An open safetensors file; closes with `using`. */
export class SafetensorsFile implements TensorFile {
  readonly #source: RandomAccess;
  readonly #header: SafetensorsHeader;
  readonly #dataOffset: number;

  /** For {@linkcode openSafetensors}, which reads the header first. */
  constructor(source: RandomAccess, header: SafetensorsHeader, dataOffset: number) {
    this.#source = source;
    this.#header = header;
    this.#dataOffset = dataOffset;
  }

  /** Where the file lies. */
  get path(): string {
    return this.#source.path;
  }

  /** Texts that the file carries beside its tensors. */
  get metadata(): Readonly<Record<string, string>> {
    return this.#header.metadata;
  }

  /** Names of the tensors, in the order of their bytes. */
  get names(): readonly string[] {
    return [...this.#header.tensors.keys()];
  }

  /** Tensors that cannot be read, by name, each with the reason: they are of other element types. */
  get unreadable(): ReadonlyMap<string, string> {
    return this.#header.unreadable;
  }

  /** Whether there is a tensor of this name that can be read. */
  has(name: string): boolean {
    return this.#header.tensors.has(name);
  }

  #range(name: string): TensorRange {
    const range = this.#header.tensors.get(name);
    if (range) return range;
    throw noSuchTensor(name, this);
  }

  /**
   * Element type and shape of a tensor.
   *
   * @throws {RangeError} if there is none of this name
   * @throws {TypeError} if it cannot be read
   */
  type(name: string): TensorType {
    const { dtype, shape } = this.#range(name);
    return { dtype, shape };
  }

  /**
   * Where a tensor's first byte lies, counted from the start of the file, as ONNX's external data needs it.
   *
   * @throws {RangeError} if there is none of this name
   * @throws {TypeError} if it cannot be read
   */
  offset(name: string): number {
    return this.#dataOffset + this.#range(name).start;
  }

  /**
   * Reads one tensor into memory of its own.
   *
   * @throws {RangeError} if there is none of this name
   * @throws {TypeError} if it cannot be read
   * @throws {SyntaxError} if the file has been cut since it was opened
   */
  async read(name: string): Promise<Tensor> {
    const { dtype, shape, start, end } = this.#range(name);
    try {
      const bytes = await this.#source.read(this.#dataOffset + start, end - start);
      return tensor(dtype, shape, viewBytes(dtype, bytes));
    } catch (cause) {
      throw inContext(`read tensor "${name}" of ${this.path}`, cause);
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]();
  }
}

/**
 * Opens a safetensors file and checks its whole header; no tensor is read yet. Tensors of element types that are not
 * supported are listed as unreadable.
 *
 * @param file its path, or its bytes by position, which the result closes
 * @throws {SyntaxError} if the file breaks a rule of the format
 */
export async function openSafetensors(file: string | RandomAccess): Promise<SafetensorsFile> {
  using owned = new DisposableStack();
  const source = owned.use(typeof file === "string" ? await openRandomAccess(file) : file);
  try {
    await refuseOtherFiles(source);
    const { header, dataOffset } = await readHeader(source);
    const opened = new SafetensorsFile(source, header, dataOffset);
    owned.move();
    return opened;
  } catch (cause) {
    throw inContext(`read ${source.path}`, cause);
  }
}

/** All that a safetensors file holds. */
export interface SafetensorsContent {
  /** Texts by name beside the tensors. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Tensors by name, in the file's order. */
  readonly tensors: Map<string, Tensor>;
}

/**
 * Reads a whole safetensors file.
 *
 * @throws {SyntaxError} if the file breaks a rule of the format
 * @throws {TypeError} if a tensor's element type is not supported
 */
export async function readSafetensors(path: string): Promise<SafetensorsContent> {
  using file = await openSafetensors(path);
  for (const name of file.unreadable.keys()) throw noSuchTensor(name, file);
  const tensors = new Map<string, Tensor>();
  for (const name of file.names) tensors.set(name, await file.read(name));
  return { metadata: file.metadata, tensors };
}

/** A tensor that is fetched when its turn comes to be written, so that a model is never held twice. */
export interface TensorSource extends TensorType {
  /** The tensor itself, of the type that was announced. */
  read(): Promise<Tensor>;
}

/** What a safetensors file carries beside its tensors, and whether it may replace one. */
export interface WriteSafetensorsOptions extends NewFileOptions {
  /** Texts by name beside the tensors; none when left out. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Sees the file's bytes in their order as they are written, such as for a checksum. */
  readonly observe?: (bytes: Uint8Array) => void;
}

async function fetchTensor(name: string, source: Tensor | TensorSource): Promise<Tensor> {
  const value = "data" in source ? source : await source.read();
  if (!sameType(value, source) || value.data.length !== elementCount(source.shape)) {
    throw new GenviewTypeError(
      `tensor "${name}" must be a ${formatType(source)}, found ${formatType(value)} with ${
        value.data.byteLength / byteSize(value.dtype)
      } elements`,
    );
  }
  return value;
}

/**
 * Writes a safetensors file, byte for byte as the format's own library does. The file appears once it is whole.
 *
 * @param tensors names and tensors, in any order; sources are read one after the other
 * @throws {Deno.errors.AlreadyExists} if there is such a file and `overwrite` is not set
 * @throws {TypeError} if a name stands twice or a source gives another type than it announced
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [string, Tensor | TensorSource]>,
  options: WriteSafetensorsOptions = {},
): Promise<void> {
  const ordered = layoutOrder(tensors);
  try {
    const header = encodeHeader(ordered, options.metadata ?? {});
    await writeNewFile(path, async (file) => {
      const write = async (bytes: Uint8Array) => {
        // The disk works while the bytes are looked at.
        const written = writeAll(file, bytes);
        options.observe?.(bytes);
        await written;
      };
      await write(header);
      for (const [name, source] of ordered) await write(bytesOf(await fetchTensor(name, source)));
    }, options);
  } catch (cause) {
    throw inContext(`write ${path}`, cause);
  }
}
