/**
 * Published weights that the pipeline lacks: what they are, and how they come.
 *
 * @module
 */
import {
  catalogEntry,
  listWeights,
  pullWeights,
  readCatalog,
  variantNames,
  weightsToPull,
} from "../weights/mod.ts";
import type { WeightsDownload } from "./pipeline_event.ts";
import type { PipelineControl } from "./pipeline_options.ts";

/** The variant that takes half the bytes, where there is one; it is widened as it is loaded where that is computed in. */
const SMALL_VARIANT = "fp16";

/** A set that is not there, and the variant of it that is pulled. */
interface MissingSet {
  readonly variant: string;
  readonly download: WeightsDownload;
}

function hubOptions({ hub, signal }: PipelineControl) {
  return {
    ...(hub?.endpoint !== undefined && { endpoint: hub.endpoint }),
    ...(hub?.token !== undefined && { token: hub.token }),
    ...(signal && { signal }),
  };
}

/**
 * The sets of which no variant is in the cache, and how large they are.
 *
 * @param names of the catalogue
 * @throws {GenviewError} if some are missing and the hub does not answer
 */
export async function missingWeights(
  names: readonly string[],
  control: PipelineControl,
): Promise<MissingSet[]> {
  if (names.length === 0) return [];
  const catalog = control.hub?.catalog ?? await readCatalog();
  const missing: MissingSet[] = [];
  for (const { name, variants } of await listWeights(names, { catalog })) {
    if (variants.some(({ wanted, files }) => files.length === wanted)) continue;
    const known = variantNames(catalogEntry(catalog, name));
    const variant = known.includes(SMALL_VARIANT) ? SMALL_VARIANT : "";
    const files = await weightsToPull(name, { catalog, variant, ...hubOptions(control) });
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    missing.push({ variant, download: { name, files: files.length, bytes } });
  }
  return missing;
}

/** Pulls sets into the hub's cache; a further call resumes what has broken off. */
export async function pullMissing(
  missing: readonly MissingSet[],
  control: PipelineControl,
): Promise<void> {
  const catalog = control.hub?.catalog ?? await readCatalog();
  for (const { variant, download: { name } } of missing) {
    await pullWeights(name, {
      ...{ catalog, variant, ...hubOptions(control) },
      onProgress: (path, received, size) =>
        control.report?.({ kind: "download", path, received, size }),
    });
  }
}
