/**
 * Parameters of a network that stay in a publisher's file.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { basename } from "node:path";
import { byteSize } from "../engine/graph/dtype.ts";
import { elementCount, type Shape } from "../engine/graph/shape.ts";
import type { ExternalTensor } from "../engine/onnx/tensors.ts";
import type { TensorFile } from "./tensor_file.ts";

/** Problems that an error lists; more are counted. */
const LISTED = 8;

/**
 * Refuses a file for all that is wrong with it.
 *
 * @param what names what cannot be read, such as `the UNet from unet.safetensors`
 * @throws {TypeError} if there is a problem
 */
export function refuseProblems(what: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  const more = problems.length > LISTED ? `\n  and ${problems.length - LISTED} more` : "";
  throw new GenviewTypeError(
    `Cannot read ${what}:` +
      problems.slice(0, LISTED).map((problem) => `\n  - ${problem}`).join("") + more,
  );
}

/** Says that a parameter is not in a file, or why it cannot be read. */
export function describeMissing(
  file: Pick<TensorFile, "unreadable">,
  name: string,
  shape: Shape,
): string {
  const reason = file.unreadable.get(name);
  return reason === undefined
    ? `"${name}" [${shape.join(",")}] is missing`
    : `"${name}" cannot be read: ${reason}`;
}

/** Gives the place of a parameter in a file; undefined if the file does not hold it in one piece. */
export type Locate = (
  name: string,
  shape: Shape,
  /** First row that is the parameter's (default 0). */
  row?: number,
) => ExternalTensor | undefined;

/** How tensors of a file are referred to by a model that lies in the same folder. */
export async function locateIn(file: TensorFile): Promise<Locate> {
  // ONNX Runtime refuses links that lead out of the folder, which those of the hub's cache do.
  const location = basename(await Deno.realPath(file.path));
  return (name, shape, row = 0) => {
    const start = file.offset(name);
    if (start === undefined) return undefined;
    const { dtype } = file.type(name);
    const bytes = (of: Shape) => elementCount(of) * byteSize(dtype);
    const offset = start + row * bytes(shape.slice(1));
    return { dtype, shape, location, offset, length: bytes(shape) };
  };
}
