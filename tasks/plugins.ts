/**
 * `deno task plugins`: the methods that there are, and those of one's own.
 *
 * @module
 */
import { counted } from "../core/schema/counted.ts";
import { join } from "node:path";
import { GenviewTypeError } from "../core/errors/mod.ts";
import {
  loadMethodByName,
  type LoadMethodOptions,
  type MethodAtAddress,
} from "../core/method/load.ts";
import { createMethod } from "../core/method/new_method.ts";
import { nearestName } from "../core/schema/nearest_name.ts";
import { checkPresets } from "../core/train/run/check_presets.ts";
import { bundledMethods } from "../plugins/mod.ts";
import { command, parse, runTask } from "./cli/command_line.ts";

const COMMAND = command({
  name: "plugins",
  summary:
    "Methods: lists those that come with the SDK, shows what one of them or of your own says of itself, validates one, " +
    "and writes one to begin with. Nothing of a method is run but by validate, which builds its graph once for every " +
    "preset in a worker that may do nothing else.",
  positional: "list|show|validate|new [NAME|PATH|URL ...]",
  examples: [
    { command: "deno task plugins list", does: "the methods that come with the SDK" },
    { command: "deno task plugins show byol", does: "its options and presets" },
    {
      command: "deno task plugins new sparse-views",
      does: "writes a method that works, with its test, into the folder sparse-views",
    },
    {
      command: "deno task plugins new my-simsiam --from simsiam",
      does: "begins with a copy of one that comes with the SDK",
    },
    { command: "deno task plugins validate sparse-views", does: "checks a method of your own" },
    {
      command: "deno task plugins validate https://example.org/method/manifest.json --reload",
      does: "checks one from the web, fetched anew",
    },
  ],
  options: {
    type: "object",
    properties: {
      from: { type: "string", default: "", description: "bundled method that new copies" },
      output: {
        type: "string",
        default: "",
        description: "folder that new makes; the method's name when empty",
      },
      reload: {
        type: "boolean",
        default: false,
        description: "fetch methods from the web anew, rather than take them as they were kept",
      },
    },
  },
});

/** Number of views that a method takes, in words. */
function viewCount({ views }: MethodAtAddress["manifest"]): string {
  if (views === undefined) return "any number of views";
  return typeof views === "number" ? counted(views, "view") : `${views[0]} to ${views[1]} views`;
}

function describe({ manifest, origin, sha256 }: MethodAtAddress): string {
  const weights = manifest.usesPairWeights === undefined
    ? []
    : [manifest.usesPairWeights ? "weights pairs by their quality" : "ignores pair weights"];
  return [
    `${manifest.name} ${manifest.version}: ${manifest.title}${
      manifest.paper && `, ${manifest.paper}`
    }`,
    `  ${manifest.description}`,
    `  ${[viewCount(manifest), ...weights].join("; ")}`,
    ...Object.entries(manifest.options.properties).map(([option, schema]) =>
      `  ${option} = ${JSON.stringify(schema.default)}: ${schema.description}`
    ),
    `  presets: ${Object.keys(manifest.presets).join(", ")}`,
    `  of ${origin.href}${sha256 === undefined ? "" : `, SHA-256 ${sha256}`}`,
  ].join("\n");
}

async function list(): Promise<void> {
  for (const name of Object.keys(bundledMethods)) {
    const { manifest } = await loadMethodByName(name, bundledMethods);
    console.log(`${name.padEnd(14)} ${manifest.title}: ${manifest.description}`);
  }
}

async function show(names: readonly string[], options: LoadMethodOptions): Promise<void> {
  for (const name of names) {
    console.log(describe(await loadMethodByName(name, bundledMethods, options)));
  }
}

async function validate(names: readonly string[], options: LoadMethodOptions): Promise<void> {
  for (const name of names) {
    const method = await loadMethodByName(name, bundledMethods, options);
    const presets = await checkPresets(method);
    console.log(
      `${method.manifest.name}: ${presets.map((preset) => preset.name).join(", ")} can be trained`,
    );
    for (const preset of presets) {
      for (const warning of preset.warnings) {
        console.log(`  warning: preset ${preset.name}: ${warning}`);
      }
    }
  }
}

async function create(
  names: readonly string[],
  { from, output }: { readonly from: string; readonly output: string },
): Promise<void> {
  for (const name of names) {
    const folder = output === "" ? name : names.length === 1 ? output : join(output, name);
    const paths = await createMethod(name, {
      folder,
      bundled: bundledMethods,
      ...(from && { from }),
    });
    console.log(
      [...paths, `next: deno task plugins validate ${/\s/.test(folder) ? `"${folder}"` : folder}`]
        .join("\n"),
    );
  }
}

const ACTIONS = ["list", "show", "validate", "new"];

/** Runs the task with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const [action = "list", ...names] = parsed.positional;
  const { reload, ...values } = parsed.values;
  if (!ACTIONS.includes(action)) {
    throw new GenviewTypeError(
      `Cannot run plugins: the first argument must be ${
        ACTIONS.join(", ")
      }, found "${action}"; did you mean ` +
        `"${nearestName(action, ACTIONS)}"?`,
    );
  }
  if (action === "list") return await list();
  if (names.length === 0) {
    const what = action === "new" ? "the name of a method" : "a method by name, path or address";
    throw new GenviewTypeError(`Cannot run plugins ${action}: it needs ${what}, found none`);
  }
  if (action === "show") await show(names, { reload });
  else if (action === "validate") await validate(names, { reload });
  else await create(names, values);
}

if (import.meta.main) await runTask(main);
