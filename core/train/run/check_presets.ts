/**
 * Whether a method can be trained by its presets.
 *
 * @module
 */
import { viewRecipes } from "../../data/views/named_views.ts";
import { inContext } from "../../errors/mod.ts";
import type { TrainableMethod } from "../../method/load.ts";
import { resolveConfiguration } from "../../method/resolve_configuration.ts";
import type { CompileLimits } from "../compile/compile_limits.ts";
import { openCompiler } from "../compile/method_compiler.ts";
import { microBatchSize } from "../step/accumulation/accumulated_graph.ts";
import { unusedInputs } from "../step/method_inputs.ts";
import { checkScheduled } from "./check_scheduled.ts";
import { runSchedules } from "./run_schedules.ts";

/** Height and width of the views that a graph is built for: symbolic, and so of no consequence. */
const SIZE = 32;

/** Backbone and batch that a graph is built for. */
const SMALL = {
  backbone: "resnet18",
  stem: "small",
  zeroInitResidual: false,
  imageSize: SIZE,
  batchSize: 4,
} as const;

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
 * const presets = await checkPresets(checkMethod(simsiam, "simsiam"));
 * assertEquals(presets[0], { name: "imagenet", warnings: [] });
 * ```
 *
 * @param limits how much a method may take that is compiled in a worker
 * @throws {TypeError} if a preset has wrong values or schedules, or the plugin's code has a fault, named by file and line
 */
export async function checkPresets(
  method: TrainableMethod,
  limits: CompileLimits = {},
): Promise<CheckedPreset[]> {
  await using compiler = openCompiler(method, limits);
  const checked: CheckedPreset[] = [];
  for (const [name, preset] of Object.entries(method.manifest.presets)) {
    try {
      const configuration = resolveConfiguration(preset);
      const accumulates = microBatchSize(configuration) !== undefined;
      runSchedules(configuration, { totalSteps: configuration.epochs, stepsPerEpoch: 1 });
      const recipes = viewRecipes({ ...configuration, imageSize: SIZE });
      const facts = await compiler.inspect({
        configuration: {
          ...configuration,
          ...SMALL,
          deviceBatchSize: accumulates ? SMALL.batchSize / 2 : 0,
        },
        viewSizes: recipes.map(({ size }) => size),
        tuning: {},
      });
      const weighted = configuration.qualityEncoder !== "";
      const warnings = [...checkScheduled(facts, configuration), ...unusedInputs(facts, weighted)];
      checked.push({ name, warnings });
    } catch (error) {
      throw inContext(`use preset "${name}"`, error);
    }
  }
  return checked;
}
