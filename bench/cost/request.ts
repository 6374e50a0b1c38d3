/**
 * What is compiled of a preset whose step's cost is estimated.
 *
 * @module
 */
import { viewRecipes } from "../../core/data/views/named_views.ts";
import type { Provider } from "../../core/engine/graph/target.ts";
import type { LoadedMethod } from "../../core/method/load.ts";
import { presetOf, resolveConfiguration } from "../../core/method/resolve_configuration.ts";
import type { CompileRequest } from "../../core/train/mod.ts";

/** A preset, and what of it is changed. */
export interface EstimatedRun {
  /** Name of a bundled method. */
  readonly method: string;
  readonly preset: string;
  /** Another backbone than the preset's; empty for that. */
  readonly backbone: string;
  /** Most samples in a batch. */
  readonly batch: number;
  /** What is computed in float16 where it may be, as under AMP; everything in float32 otherwise. */
  readonly precision: "float32" | "float16";
  /** What graphs are built for. */
  readonly target: Provider;
}

/** What is asked of the compiler. */
export function requestOf(
  { manifest }: LoadedMethod,
  { preset, backbone, batch, precision, target }: EstimatedRun,
): CompileRequest {
  const given = resolveConfiguration(presetOf(manifest, preset));
  const configuration = {
    ...given,
    ...(backbone !== "" && { backbone }),
    batchSize: Math.min(batch, given.batchSize),
    deviceBatchSize: 0,
  };
  return {
    configuration,
    viewSizes: viewRecipes(configuration).map(({ size }) => size),
    tuning: { provider: target },
    precision,
    typed: true,
  };
}
