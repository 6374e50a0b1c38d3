/**
 * The networks of Stable unCLIP, as failures name them.
 *
 * @module
 */

/** The networks, in the order in which an image passes them. */
export type UnclipStage =
  | "image encoder"
  | "image normalizer"
  | "text encoder"
  | "UNet"
  | "VAE";
