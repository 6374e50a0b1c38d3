/**
 * What the calls that show pictures share.
 *
 * @module
 */
import type { StudioContext } from "../studio_context.ts";
import { AllowedFiles } from "./allowed_files.ts";
import { HeavyWork } from "./heavy_work.ts";
import { PictureStore } from "./picture_store.ts";
import { ResultCache } from "./result_cache.ts";

/** What the calls that show pictures need of the studio. */
export type PictureSurroundings = Pick<
  StudioContext,
  "root" | "dataFolders" | "resolve" | "resolveNew" | "signal"
>;

/** What the calls that show pictures share. */
export interface PictureContext extends PictureSurroundings {
  /** Files that may be shown. */
  readonly files: AllowedFiles;
  /** Pictures that answers have named. */
  readonly pictures: PictureStore;
  /** Work of seconds to minutes, one at a time. */
  readonly work: HeavyWork;
  /** Work of a second or so, which does not wait for the other. */
  readonly quickWork: HeavyWork;
  /** Results of it. */
  readonly cache: ResultCache;
  /** Threads that work takes on the processor, which a training may share. */
  readonly threads: number;
}

/** Opens what the calls share; nothing is read yet. */
export function pictureContext(context: PictureSurroundings): PictureContext {
  return {
    ...context,
    files: new AllowedFiles(context),
    pictures: new PictureStore(),
    work: new HeavyWork(context.signal),
    quickWork: new HeavyWork(context.signal),
    cache: new ResultCache(context),
    threads: Math.max(1, Math.floor(navigator.hardwareConcurrency / 2)),
  };
}
