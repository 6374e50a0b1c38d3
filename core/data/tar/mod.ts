/**
 * Images in a tar, also one that has been cut into parts: taking them out, or reading them in place.
 *
 * @module
 */
export {
  type ExtractOptions,
  type ExtractOutcome,
  extractTar,
  type TarProgress,
} from "./extract.ts";
export { findTarParts, type TarPart, totalSize } from "./parts.ts";
export { type FileOfTar, writeTar } from "./write_tar.ts";
export { type IndexOptions, indexTar, openTarIndex, type TarIndex } from "./tar_index.ts";
