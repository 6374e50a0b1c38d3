/**
 * The graphs that a method's presets ask for.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { backbone } from "../../core/backbones/registry.ts";
import { viewRecipes } from "../../core/data/views/named_views.ts";
import { groupParameters } from "../../core/engine/optim/mod.ts";
import type { Configuration } from "../../core/method/configuration.ts";
import type { LoadedMethod } from "../../core/method/load.ts";
import { resolveConfiguration } from "../../core/method/resolve_configuration.ts";
import { checkPresets } from "../../core/train/run/check_presets.ts";
import { buildMethodGraph, type MethodGraph } from "../../core/train/step/method_graph.ts";

/** A preset, with the graph of its own backbone, views and batch. */
export interface PresetGraph {
  readonly configuration: Configuration;
  readonly graph: MethodGraph;
}

/** The graphs of all presets by name, none of which configures anything in vain. */
export async function presetGraphs(
  method: LoadedMethod,
): Promise<ReadonlyMap<string, PresetGraph>> {
  for (const { name, warnings } of await checkPresets(method)) assertEquals(warnings, [], name);
  return new Map(
    Object.entries(method.manifest.presets).map(([name, preset]) => {
      const configuration = resolveConfiguration(preset);
      const { backbone: network, stem, zeroInitResidual, batchSize, options } = configuration;
      const graph = buildMethodGraph(method, {
        backbone: backbone(network, { stem, zeroInitResidual }),
        viewSizes: viewRecipes(configuration).map(({ size }) => size),
        batchSize,
        options,
      });
      const trained = [...graph.scope.declarations.values()].filter(({ kind }) =>
        kind === "trainable"
      );
      const names = trained.map((declaration) => declaration.name);
      assertEquals(groupParameters(names, configuration.parameterRules).warnings, [], name);
      return [name, { configuration, graph }];
    }),
  );
}
