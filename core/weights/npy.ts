/**
 * Tensors in NumPy's .npy files.
 *
 * @module
 */
import { GenviewSyntaxError } from "../errors/mod.ts";
import { byteSize, viewBytes } from "../engine/graph/dtype.ts";
import { elementCount } from "../engine/graph/shape.ts";
import { bytesOf, formatType, type Tensor, tensor } from "../engine/graph/tensor.ts";
import { inContext } from "../errors/in_context.ts";
import { type NewFileOptions, writeAll, writeNewFile } from "../files/new_file.ts";
import {
  encodeNpyHeader,
  locateNpyHeader,
  MAX_PREFIX_BYTES,
  type NpyHeader,
  parseNpyHeader,
} from "./npy_header.ts";
import { openRandomAccess, type RandomAccess } from "../files/random_access.ts";
import { readStrided } from "./strided.ts";

async function readHeader(source: RandomAccess): Promise<NpyHeader & { offset: number }> {
  const prefix = await source.read(0, Math.min(source.size, MAX_PREFIX_BYTES));
  const { start, end } = locateNpyHeader(prefix);
  const version = prefix[6];
  const bytes = await source.read(start, end - start);
  // Version 3 came for names of fields beyond Latin-1, which the others are written in.
  const text = new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(bytes);
  const header = parseNpyHeader(text);
  const data = elementCount(header.shape) * byteSize(header.dtype);
  if (source.size - end !== data) {
    throw new GenviewSyntaxError(
      `a ${formatType(header)} must take ${data} bytes after the header, found ${
        source.size - end
      }`,
    );
  }
  return { ...header, offset: end };
}

/** Strides of a tensor whose first axis runs fastest. */
function columnMajorStrides(shape: readonly number[]): number[] {
  let step = 1;
  return shape.map((length) => {
    const stride = step;
    step *= length;
    return stride;
  });
}

/**
 * Reads an .npy file of version 1, 2 or 3; the result is row-major whatever the file's order.
 *
 * @param file its path, or its bytes by position, which stay open
 * @throws {SyntaxError} if the file breaks a rule of the format, or does not end with the data
 * @throws {TypeError} if its element type is not supported: objects, texts, complex numbers, big-endian numbers
 */
export async function readNpy(file: string | RandomAccess): Promise<Tensor> {
  if (typeof file === "string") {
    using source = await openRandomAccess(file);
    return await readNpy(source);
  }
  try {
    const { dtype, shape, columnMajor, offset } = await readHeader(file);
    if (columnMajor && shape.length > 1) {
      const strides = columnMajorStrides(shape);
      return tensor(dtype, shape, await readStrided(file, { dtype, shape, strides, offset }));
    }
    return tensor(dtype, shape, viewBytes(dtype, await file.read(offset, file.size - offset)));
  } catch (cause) {
    throw inContext(`read ${file.path}`, cause);
  }
}

/**
 * Writes an .npy file, byte for byte as NumPy does. The file appears once it is whole.
 *
 * @throws {Deno.errors.AlreadyExists} if there is such a file and `overwrite` is not set
 * @throws {TypeError} if NumPy has no such element type
 */
export async function writeNpy(
  path: string,
  value: Tensor,
  options: NewFileOptions = {},
): Promise<void> {
  try {
    const header = encodeNpyHeader(value);
    await writeNewFile(path, async (file) => {
      await writeAll(file, header);
      await writeAll(file, bytesOf(value));
    }, options);
  } catch (cause) {
    throw inContext(`write ${path}`, cause);
  }
}
