/**
 * `deno task plugins`: lists the methods, and checks those that are named.
 *
 * @module
 */
import { loadMethodByName, type TrainableMethod } from "../core/method/load.ts";
import { type CheckedPreset, checkPresets } from "../core/train/run/check_presets.ts";
import { bundledMethods } from "../plugins/mod.ts";
import { command, parse, runTask } from "./cli/command_line.ts";

const COMMAND = command({
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
});

/** Number of views that a method takes, in words. */
function viewCount(views: TrainableMethod["manifest"]["views"]): string {
  if (views === undefined) return "any number of views";
  return typeof views === "number" ? `${views} views` : `${views[0]} to ${views[1]} views`;
}

function describe({ manifest }: TrainableMethod, presets: readonly CheckedPreset[]): string {
  const weights = manifest.usesPairWeights === undefined
    ? []
    : [manifest.usesPairWeights ? "weights pairs by their quality" : "ignores pair weights"];
  return [
    `${manifest.name} ${manifest.version}: ${manifest.title}, ${manifest.paper}`,
    `  ${manifest.description}`,
    `  ${[viewCount(manifest.views), ...weights].join("; ")}`,
    ...Object.entries(manifest.options.properties).map(([option, schema]) =>
      `  ${option} = ${JSON.stringify(schema.default)}: ${schema.description}`
    ),
    `  presets: ${presets.map(({ name }) => name).join(", ")}`,
    ...presets.flatMap(({ name, warnings }) =>
      warnings.map((warning) => `  warning: preset ${name}: ${warning}`)
    ),
  ].join("\n");
}

export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const names = parsed.positional.length > 0 ? parsed.positional : Object.keys(bundledMethods);
  for (const name of names) {
    const method = await loadMethodByName(name, bundledMethods);
    console.log(describe(method, await checkPresets(method)));
  }
}

if (import.meta.main) await runTask(main);
