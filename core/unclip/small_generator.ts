/**
 * Which generators are small.
 *
 * @module
 */
import type { UnclipModel } from "./find_unclip.ts";
import { PublishedFolder } from "./published_folder.ts";
import { isSmallNetwork } from "./network_copies.ts";

/**
 * Whether a generator is a small one, whose file of the UNet's weights has at most 64 MiB.
 *
 * @throws {Deno.errors.NotFound} if the model's folder has no weights of a UNet
 */
export async function isSmallGenerator(
  { folder, precision }: Pick<UnclipModel, "folder" | "precision">,
): Promise<boolean> {
  const { size } = await Deno.stat(await new PublishedFolder(folder).weights("unet", precision));
  return isSmallNetwork(size);
}
