/**
 * What tells the weights of one network from those of another.
 *
 * @module
 */
import { explainingFileErrors } from "../files/file_error.ts";
import type { TokenNetwork } from "./token_encoder.ts";

/**
 * Tells a network's weights from others, so that results of both are never mixed: path, size and time of their file,
 * with links followed; the network's name where its weights were never in a file.
 *
 * @throws {GenviewError} if the file cannot be found any more
 */
export async function weightsIdentity(
  { name, weightsFile }: Pick<TokenNetwork, "name" | "weightsFile">,
): Promise<string> {
  if (weightsFile === undefined) return name;
  const action = `read ${weightsFile}`;
  const path = await explainingFileErrors(action, Deno.realPath(weightsFile));
  const { size, mtime } = await explainingFileErrors(action, Deno.stat(path));
  return `${path}, ${size} bytes, ${mtime?.toISOString() ?? "no time"}`;
}
