/**
 * `deno task plugins`: lists the methods, and checks those that are named.
 *
 * @module
 */
import { loadMethodByName } from "../core/method/load.ts";
import { backbone } from "../core/backbones/registry.ts";
import { checkScheduled } from "../core/train/run/check_scheduled.ts";
import { buildMethodGraph } from "../core/train/step/method_graph.ts";
import { viewRecipes } from "../core/data/views/named_views.ts";
import { resolveConfiguration } from "../core/method/resolve_configuration.ts";
import { bundledMethods } from "../plugins/mod.ts";
import { type Command, parse, runTask } from "./cli/command_line.ts";

const COMMAND: Command = {
  name: "plugins",
  summary:
    "Lists methods with their options and presets. Each is loaded, its manifest checked, and its graph built once " +
    "for every preset.",
  positional: "[METHOD ...]",
  examples: [
    { command: "deno task plugins", does: "the methods that come with the SDK" },
    {
      command: "deno task plugins ./my-method/manifest.json",
      does: "checks a method of your own",
    },
  ],
  options: { type: "object", properties: {} },
};

async function describe(name: string): Promise<void> {
  const method = await loadMethodByName(name, bundledMethods);
  const { manifest } = method;
  for (const preset of Object.values(manifest.presets)) {
    const configuration = resolveConfiguration(preset);
    const graph = buildMethodGraph(method, {
      backbone: backbone("resnet18", { stem: "small" }),
      viewSizes: viewRecipes({ ...configuration, imageSize: 32 }).map(({ size }) => size),
      batchSize: 4,
      options: configuration.options,
    });
    checkScheduled(graph, configuration);
  }
  console.log(`${manifest.name} ${manifest.version}: ${manifest.title}, ${manifest.paper}`);
  console.log(`  ${manifest.description}`);
  for (const [option, schema] of Object.entries(manifest.options.properties)) {
    console.log(`  ${option} = ${JSON.stringify(schema.default)}: ${schema.description}`);
  }
  console.log(`  presets: ${Object.keys(manifest.presets).join(", ")}`);
}

/** Runs the task with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, (text) => console.log(text));
  if (parsed === undefined) return;
  const names = parsed.positional.length > 0 ? parsed.positional : Object.keys(bundledMethods);
  for (const name of names) await describe(name);
}

if (import.meta.main) await runTask(main);
