/**
 * Principal component and threshold, as a folder of results or a file has them.
 *
 * @module
 */
import { GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { join } from "node:path";
import { formatType } from "../engine/graph/tensor.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { readNpy } from "../weights/npy.ts";

/** Folders of the component: ours, and the original program's (sic). */
const FOLDERS = ["eigenvectors", "eigenvecters"];

/**
 * Reads a component: float32 `[D, 1]` or `[D]`, ours or one that GenView publishes.
 *
 * @param path of an .npy file
 * @returns its D coordinates
 * @throws {TypeError} if the file holds something else
 * @throws {Deno.errors.NotFound} if there is no such file
 */
export async function readComponent(path: string): Promise<Float32Array<ArrayBuffer>> {
  const found = await explainingFileErrors(`read ${path}`, readNpy(path));
  const [, columns = 1] = found.shape;
  if (found.dtype !== "float32" || found.shape.length > 2 || columns !== 1) {
    throw new GenviewTypeError(
      `Cannot use ${path}: it must hold one component, float32[D,1], found ${formatType(found)}`,
    );
  }
  return found.data as Float32Array<ArrayBuffer>;
}

/**
 * Where the component of a folder of results lies.
 *
 * @param folder output of an extraction, or of GenView's program
 * @returns path of `pca_vectors.npy`
 * @throws {TypeError} if there is none
 */
export async function findComponent(folder: string): Promise<string> {
  for (const name of FOLDERS) {
    const path = join(folder, name, "pca_vectors.npy");
    const found = await explainingFileErrors(`read ${path}`, ifThere(Deno.stat(path)));
    if (found !== undefined) return path;
  }
  throw new GenviewTypeError(
    `Cannot find a component: ${folder} must hold eigenvectors/pca_vectors.npy; ` +
      'run "deno task extract-features", or name a file by --pca-vectors',
  );
}

/**
 * The threshold that an analysis found.
 *
 * @param folder output of an extraction
 * @throws {TypeError} if there is none
 */
export async function readThreshold(folder: string): Promise<number> {
  const path = join(folder, "threshold.json");
  const text = folder === ""
    ? undefined
    : await explainingFileErrors(`read ${path}`, ifThere(Deno.readTextFile(path)));
  if (text === undefined) {
    throw new GenviewTypeError(
      "Cannot compute ratios: --fg-thre must be given where --input-dir has no threshold.json " +
        "(GenView publishes its component, but not its threshold)",
    );
  }
  let threshold: unknown;
  try {
    threshold = JSON.parse(text).threshold;
  } catch (cause) {
    throw new GenviewSyntaxError(
      `Cannot read ${path}: it must be JSON, found others (${
        (cause as Error).message
      }); give --fg-thre`,
      { cause },
    );
  }
  if (typeof threshold === "number") return threshold;
  throw new GenviewTypeError(
    `Cannot read ${path}: "threshold" must be a number, found ${threshold}`,
  );
}
