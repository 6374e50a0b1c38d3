/**
 * Files of features: one for each image, below a folder that mirrors the images' paths.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import { dirname, join } from "node:path";
import { allocate } from "../engine/graph/dtype.ts";
import { areFinite } from "../engine/graph/finite.ts";
import { formatType, type Tensor, tensor } from "../engine/graph/tensor.ts";
import { explainingFileErrors, systemCode } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { makeFolder } from "../files/new_file.ts";
import { readNpy, writeNpy } from "../weights/npy.ts";

/** Element types that features are stored in. */
export const FEATURE_DTYPES: readonly ["float16", "float32"] = ["float16", "float32"];

/** Element type that features are stored in. */
export type FeatureDType = typeof FEATURE_DTYPES[number];

/**
 * Whether an error says that the file system takes no file of this name: it is too long, or has signs that it does not
 * know. Then the image is at fault and not the disk, and the others can be stored all the same.
 */
export function isRefusedName(error: unknown): boolean {
  const code = systemCode(error) ?? systemCode((error as Error | undefined)?.cause);
  return code === "ENAMETOOLONG" || code === "EINVAL";
}

/** A result, or undefined if there is no such file and can be none of this name. */
async function ifNamed<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await ifThere(result);
  } catch (error) {
    if (isRefusedName(error)) return undefined;
    throw error;
  }
}

/**
 * A relative path that is another for every other key: slashes stay, and what a path below a folder cannot hold is
 * percent-encoded: the slash that an absolute path begins with, `..`, `.`, empty parts, and % itself.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(mirroredPath("n01/a b.jpg"), "n01/a b.jpg");
 * assertEquals(mirroredPath("/data/n01/a.jpg"), "%2Fdata/n01/a.jpg");
 * assertEquals(mirroredPath("../a.jpg"), "%2E%2E/a.jpg");
 * ```
 */
export function mirroredPath(key: string): string {
  const absolute = key.startsWith("/");
  const parts = (absolute ? key.slice(1) : key).split("/").map((part) => {
    if (part === "") return "%";
    if (part === "." || part === "..") return part.replaceAll(".", "%2E");
    return part.replace(/[%\\:*?"<>|\p{Cc}]/gu, (sign) => {
      return `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
    });
  });
  return `${absolute ? "%2F" : ""}${parts.join("/")}`;
}

/**
 * The key that a path was mirrored from.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { keyOfMirrored, mirroredPath } from "./feature_files.ts";
 *
 * for (const key of ["n01/a b.jpg", "/data/n01/a.jpg", "../a//100 %.jpg"]) {
 *   assertEquals(keyOfMirrored(mirroredPath(key)), key);
 * }
 * ```
 */
export function keyOfMirrored(path: string): string {
  const absolute = path.startsWith("%2F");
  const parts = (absolute ? path.slice(3) : path).split("/").map((part) =>
    part === "%" ? "" : part.replace(
      /%([0-9A-F]{2})/g,
      (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)),
    )
  );
  return `${absolute ? "/" : ""}${parts.join("/")}`;
}

/** Whether there is no .npy file below a folder, and no link, which may lead to some. */
async function holdsNoFile(folder: string): Promise<boolean> {
  const entries = await ifThere(Array.fromAsync(Deno.readDir(folder))) ?? [];
  if (
    entries.some(({ name, isFile, isSymlink }) => isSymlink || (isFile && name.endsWith(".npy")))
  ) {
    return false;
  }
  for (const { name, isDirectory } of entries) {
    if (isDirectory && !await holdsNoFile(join(folder, name))) return false;
  }
  return true;
}

/** Features in files below a folder. */
export class FeatureFiles {
  readonly #folder: string;

  /**
   * The features below a folder, which need not be there yet.
   *
   * @param folder of an extraction, which holds `features/`
   */
  constructor(folder: string) {
    this.#folder = join(folder, "features");
  }

  /** Where the features of an image lie, or will. */
  path(key: string): string {
    return join(this.#folder, `${mirroredPath(key)}.npy`);
  }

  /** Whether there are no features of any image. */
  async areNone(): Promise<boolean> {
    return await explainingFileErrors(`read ${this.#folder}`, holdsNoFile(this.#folder));
  }

  /** Whether there are features of an image. */
  async has(key: string): Promise<boolean> {
    const path = this.path(key);
    const information = await explainingFileErrors(`read ${path}`, ifNamed(Deno.stat(path)));
    return information?.isFile === true;
  }

  /**
   * Writes the tokens of an image; the file appears once it is whole.
   *
   * @param tokens float32 `[P, D]`
   * @throws {RangeError} if a number is not finite, or too large for the type
   * @throws {Deno.errors.AlreadyExists} if there are features of the image
   * @throws {GenviewError} if the system refuses; {@linkcode isRefusedName} tells whether for the name alone
   */
  async write(key: string, tokens: Tensor<"float32">, dtype: FeatureDType): Promise<void> {
    const path = this.path(key);
    if (!areFinite(tokens.data)) {
      throw new GenviewRangeError(
        `Cannot write ${path}: features must be finite, found NaN or infinity; check the network's weights, or compute ` +
          "in float32",
      );
    }
    await makeFolder(dirname(path));
    const data = allocate(dtype, tokens.data.length) as Float32Array<ArrayBuffer>;
    data.set(tokens.data);
    if (data.includes(Infinity) || data.includes(-Infinity)) {
      throw new GenviewRangeError(
        `Cannot write ${path}: features must lie within ${dtype}, found greater ones; store float32`,
      );
    }
    await writeNpy(path, tensor(dtype, tokens.shape, data));
  }

  /**
   * Reads the tokens of an image.
   *
   * @param width features of a token
   * @param tokens how many there must be, if that is known
   * @returns float32 `[P, D]`
   * @throws {TypeError} if the file holds something else
   * @throws {Deno.errors.NotFound} if there are no features of the image
   */
  async read(key: string, width: number, tokens?: number): Promise<Tensor<"float32">> {
    const path = this.path(key);
    const { dtype, shape, data } = await explainingFileErrors(`read ${path}`, readNpy(path));
    const fits = shape.length === 2 && shape[1] === width && (tokens ?? shape[0]) === shape[0];
    if (!FEATURE_DTYPES.some((known) => known === dtype) || !fits) {
      throw new GenviewTypeError(
        `Cannot use ${path}: it must hold ${tokens ?? "all"} tokens of ${width} floats, found ${
          formatType({ dtype, shape })
        }`,
      );
    }
    return tensor("float32", shape, new Float32Array(data as Float32Array));
  }

  /**
   * Reads the tokens of an image as {@linkcode FeatureFiles.read} does; undefined if there are none.
   *
   * @param width features of a token
   * @returns float32 `[P, D]`
   * @throws {TypeError} if the file holds something else
   */
  async find(key: string, width: number): Promise<Tensor<"float32"> | undefined> {
    return await ifNamed(this.read(key, width));
  }
}
