/**
 * Whether a method can be trained by its presets.
 *
 * @module
 */
import { backbone } from "../../backbones/registry.ts";
import { viewRecipes } from "../../data/views/named_views.ts";
import { inContext } from "../../errors/mod.ts";
import type { LoadedMethod } from "../../method/load.ts";
import { resolveConfiguration } from "../../method/resolve_configuration.ts";
import { buildMethodGraph } from "../step/method_graph.ts";
import { unusedInputs } from "../step/method_inputs.ts";
import { checkScheduled } from "./check_scheduled.ts";
import { runSchedules } from "./run_schedules.ts";

/** Height and width of the views that a graph is built for: symbolic, and so of no consequence. */
const SIZE = 32;

/** Samples of the batch that a graph is built for. */
const BATCH = 4;

/** A preset whose graph was built. */
export interface CheckedPreset {
  /** Its name. */
  readonly name: string;
  /** Sentences on what it configures in vain. */
  readonly warnings: readonly string[];
}

/**
 * Builds a method's graph once for each of its presets, on a small ResNet-18; nothing is computed.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import simsiam from "../../../plugins/simsiam/mod.ts";
 * import { checkMethod } from "../../method/load.ts";
 * import { checkPresets } from "./check_presets.ts";
 *
 * const presets = checkPresets(checkMethod(simsiam, "simsiam"));
 * assertEquals(presets[0], { name: "imagenet", warnings: [] });
 * ```
 *
 * @throws {TypeError} if a preset has wrong values or schedules, or the plugin's code has a fault, named by file and line
 */
export function checkPresets(method: LoadedMethod): CheckedPreset[] {
  return Object.entries(method.manifest.presets).map(([name, preset]) => {
    try {
      const configuration = resolveConfiguration(preset);
      runSchedules(configuration, { totalSteps: configuration.epochs, stepsPerEpoch: 1 });
      const graph = buildMethodGraph(method, {
        backbone: backbone("resnet18", { stem: "small" }),
        viewSizes: viewRecipes({ ...configuration, imageSize: SIZE }).map(({ size }) => size),
        batchSize: BATCH,
        options: configuration.options,
      });
      const weighted = configuration.qualityEncoder !== "";
      return {
        name,
        warnings: [...checkScheduled(graph, configuration), ...unusedInputs(graph, weighted)],
      };
    } catch (error) {
      throw inContext(`use preset "${name}"`, error);
    }
  });
}
