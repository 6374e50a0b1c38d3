/**
 * Files of features: one for each image, below a folder that mirrors the images' paths.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../core/errors/mod.ts";
import { dirname, join } from "node:path";
import { allocate, type DType } from "../core/engine/graph/dtype.ts";
import { formatType, type Tensor, tensor } from "../core/engine/graph/tensor.ts";
import { readNpy, writeNpy } from "../core/weights/npy.ts";

/** Element types that features are stored in. */
export const FEATURE_DTYPES: readonly DType[] = ["float16", "float32"];

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

/** Features in files below a folder. */
export class FeatureFiles {
  readonly #folder: string;

  /** @param folder a folder of extraction, which holds `features/` */
  constructor(folder: string) {
    this.#folder = join(folder, "features");
  }

  /** Where the features of an image lie, or will. */
  path(key: string): string {
    return join(this.#folder, `${mirroredPath(key)}.npy`);
  }

  /** Whether there are features of an image. */
  async has(key: string): Promise<boolean> {
    try {
      return (await Deno.stat(this.path(key))).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  /**
   * Writes the tokens of an image; the file appears once it is whole.
   *
   * @param tokens float32 `[P, D]`
   * @throws {RangeError} if a number is too large for the type
   * @throws {Deno.errors.AlreadyExists} if there are features of the image
   */
  async write(key: string, tokens: Tensor<"float32">, dtype: DType): Promise<void> {
    const path = this.path(key);
    await Deno.mkdir(dirname(path), { recursive: true });
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
   */
  async read(key: string, width: number, tokens?: number): Promise<Tensor<"float32">> {
    const path = this.path(key);
    const { dtype, shape, data } = await readNpy(path);
    const fits = shape.length === 2 && shape[1] === width && (tokens ?? shape[0]) === shape[0];
    if (!FEATURE_DTYPES.includes(dtype) || !fits) {
      throw new GenviewTypeError(
        `Cannot use ${path}: it must hold ${tokens ?? "all"} tokens of ${width} floats, found ${
          formatType({ dtype, shape })
        }`,
      );
    }
    return tensor("float32", shape, new Float32Array(data as Float32Array));
  }
}
