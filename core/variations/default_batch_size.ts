/**
 * How many variations are denoised together where nobody says so.
 *
 * @module
 */
import { isSmallNetwork, PublishedFolder, type UnclipModel } from "../unclip/mod.ts";

/** On devices: Stable unCLIP's maps of so many images keep one busy, and fit into its memory. */
const ON_DEVICE = 12;

/** Of small UNets on the CPU, whose copies then share a batch on its cores. */
const OF_SMALL = 32;

/**
 * How many variations are denoised together by default: 12 on devices; on the CPU 32 by a UNet of at most 64 MiB, and 1 by a
 * larger one, which gains nothing by more.
 *
 * @throws {Deno.errors.NotFound} if the model's folder has no weights of a UNet
 */
export async function defaultBatchSize(
  { folder, precision, device }: UnclipModel,
): Promise<number> {
  if (device.provider !== "cpu") return ON_DEVICE;
  const { size } = await Deno.stat(await new PublishedFolder(folder).weights("unet", precision));
  return isSmallNetwork(size) ? OF_SMALL : 1;
}
