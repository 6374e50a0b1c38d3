/**
 * `deno task models`: published checkpoints of self-supervised methods.
 *
 * @module
 */
import {
  inspectCheckpoint,
  type InspectedCheckpoint,
} from "../core/encoders/inspect_checkpoint.ts";
import { GenviewError, GenviewTypeError } from "../core/errors/mod.ts";
import type { EncoderRole } from "../core/weights/layouts/layouts.ts";
import {
  type ModelCatalog,
  publishedModel,
  readModelCatalog,
} from "../core/weights/zoo/model_catalog.ts";
import { type ListedModel, listModels, locateModel } from "../core/weights/zoo/local_models.ts";
import { pullModel } from "../core/weights/zoo/pull_model.ts";
import { command, parse, runTask } from "./cli/command_line.ts";
import { DownloadDisplay } from "./cli/download_display.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";

const COMMAND = command({
  name: "models",
  summary:
    "Published checkpoints of GenView, mmpretrain and the methods' authors: lists them with what they scored, pulls them " +
    "(from the hub into HF_HUB_CACHE, from other hosts into PyTorch's hub/checkpoints), and shows what a checkpoint " +
    "holds without running what its pickle names. Any file of weights may be named in place of a model.",
  positional: "list|pull|show [NAME|WORD|FILE ...]",
  examples: [
    { command: "deno task models list", does: "all that are known" },
    {
      command: "deno task models list genview vit",
      does: "those whose names or methods contain the words",
    },
    {
      command: "deno task models pull genview-simsiam-r50-200e",
      does: "resumes a pull that broke off, and checks the file",
    },
    {
      command: "deno task models show genview-simsiam-r50-200e",
      does: "layout, backbone, and which tensors are used and ignored",
    },
    {
      command: "deno task models show epoch_200.pth --encoder momentum --all",
      does: "a file of your own, every tensor of it",
    },
    {
      command:
        'deno task train byol --from "$(deno task --quiet models pull mmpretrain-byol-r50-200e)"',
      does: "starts with the backbone of a published checkpoint",
    },
  ],
  options: {
    type: "object",
    properties: {
      encoder: {
        type: "string",
        enum: ["online", "momentum"],
        default: "online",
        description: "encoder of a checkpoint: the one that was trained, or its moving average",
      },
      backbone: {
        type: "string",
        default: "",
        description: "network that a file's weights are of; found by its tensors when empty",
      },
      all: { type: "boolean", default: false, description: "show every tensor" },
      json: { type: "boolean", default: false, description: "print one JSON object" },
      endpoint: {
        type: "string",
        default: "",
        description: "address of a mirror of the hub; HF_ENDPOINT or the catalogue's if empty",
      },
      cache: {
        type: "string",
        default: "",
        description: "folder of the hub's cache; the one that the environment names if empty",
      },
      folder: {
        type: "string",
        default: "",
        description: "folder of checkpoints of other hosts; PyTorch's hub/checkpoints if empty",
      },
      config: {
        type: "string",
        default: "",
        description: "JSON in the form of core/weights/zoo/models.json, whose models are added",
      },
    },
  },
});

interface Options {
  readonly catalog: ModelCatalog;
  readonly endpoint: string;
  readonly folders: { readonly hubCache?: string; readonly folder?: string };
  readonly encoder: EncoderRole;
  readonly backbone: string;
  readonly all: boolean;
  readonly json: boolean;
}

function print(line: string): void {
  console.log(line);
}

function describeListed({ name, model, file }: ListedModel): string {
  const { method, backbone, epochs, batchSize, linearTop1, recipe, publisher } = model;
  const top1 = linearTop1.toFixed(1).padStart(5);
  const facts = `${method}, ${backbone}, ${epochs} epochs, batch ${batchSize}, by ${publisher}`;
  return `${name.padEnd(34)} ${top1} %  ${facts}; ` +
    `probe ${recipe ?? "not stated"}${file === undefined ? "" : `\n  ${file}`}`;
}

async function list(words: readonly string[], options: Options): Promise<void> {
  const listed = await listModels(words, options.catalog, options.folders);
  if (options.json) return print(JSON.stringify(listed, null, 2));
  print(`${"NAME".padEnd(34)} LINEAR TOP-1, as published`);
  for (const model of listed) print(describeListed(model));
}

async function pull(names: readonly string[], options: Options): Promise<void> {
  using interrupt = interruptSignal();
  using display = new DownloadDisplay({
    write: (text) => Deno.stderr.writeSync(new TextEncoder().encode(text)),
    terminal: Deno.stderr.isTerminal(),
    now: () => performance.now(),
  });
  const token = Deno.env.get("HF_TOKEN");
  for (const name of names) {
    const model = publishedModel(options.catalog, name);
    try {
      const path = await pullModel(model, {
        ...options.folders,
        endpoint: options.endpoint,
        signal: interrupt.signal,
        ...(token ? { token } : {}),
        onProgress: (file, received, size) => display.update(file, received, size),
      });
      if (model.url !== undefined && model.checksum === undefined) {
        console.error(`${name}: its publisher states no checksum; only its length was checked`);
      }
      print(path);
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
      throw new GenviewError("Cannot finish: interrupted; pulling again resumes from here", {
        cause: error,
      });
    }
  }
}

/** Names by what they begin with, so that a thousand of them are a few lines. */
function grouped(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) {
    const parts = name.split(".");
    const group = parts.length <= 2
      ? name
      : `${parts.slice(0, parts[0] === "module" ? 3 : 2).join(".")}.*`;
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return [...counts].map(([group, count]) => group.endsWith("*") ? `${group} (${count})` : group);
}

function describeCheckpoint(name: string, found: InspectedCheckpoint, all: boolean): string {
  const { layout, backbone, width, size, prefix, scheme, used, missing, heads, ignored } = found;
  const lines = [
    `${name}: ${layout}`,
    `  backbone: ${backbone}, ${width} features, images of ${size} pixels`,
    `  names: ${scheme}${prefix === "" ? "" : `, behind "${prefix}"`}`,
  ];
  const listed = (what: string, names: readonly string[]) => {
    lines.push(`  ${what}: ${names.length} tensors`);
    for (const line of all ? names : grouped(names)) lines.push(`    ${line}`);
  };
  lines.push(`  used: ${used.length} tensors`);
  if (all) lines.push(...used.map((tensor) => `    ${tensor}`));
  if (missing.length > 0) listed("missing", missing);
  if (heads.size > 0) {
    lines.push(`  heads: ${heads.size} tensors`);
    const named = [...heads].map(([from, to]) => `${from} is ${to}`);
    lines.push(...(all ? named : grouped([...heads.keys()])).map((line) => `    ${line}`));
  }
  if (ignored.length > 0) listed("ignored", ignored);
  for (const [tensor, reason] of found.unreadable) {
    lines.push(`  cannot be read: ${tensor}: ${reason}`);
  }
  return lines.join("\n");
}

async function show(names: readonly string[], options: Options): Promise<void> {
  for (const name of names) {
    const { path, model } = await locateModel(name, options.catalog, options.folders);
    const backbone = options.backbone || model?.backbone;
    const found = await inspectCheckpoint(path, {
      encoder: options.encoder,
      ...(backbone && { backbone }),
    });
    if (options.json) {
      const plain = {
        path,
        ...found,
        heads: Object.fromEntries(found.heads),
        unreadable: Object.fromEntries(found.unreadable),
      };
      print(JSON.stringify(plain, null, 2));
    } else print(describeCheckpoint(name, found, options.all));
  }
}

const ACTIONS: Readonly<
  Record<string, (names: readonly string[], options: Options) => Promise<void>>
> = { list, pull, show };

/** Runs the task with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const [action = "", ...names] = parsed.positional;
  if (!Object.hasOwn(ACTIONS, action)) {
    throw new GenviewTypeError(
      `Cannot handle models: the first argument must be ${
        Object.keys(ACTIONS).join(", ")
      }, found "${action}"`,
    );
  }
  if (action !== "list" && names.length === 0) {
    throw new GenviewTypeError(
      `Cannot ${action} models: at least one NAME must be given, found none; "deno task models list" has them`,
    );
  }
  const { config, cache, folder, encoder, ...values } = parsed.values;
  const catalog = await readModelCatalog(config);
  const endpoint = values.endpoint || Deno.env.get("HF_ENDPOINT") || catalog.endpoint;
  await ACTIONS[action]!(names, {
    ...values,
    catalog,
    encoder: encoder as EncoderRole,
    endpoint: endpoint.replace(/\/+$/, ""),
    folders: { ...(cache && { hubCache: cache }), ...(folder && { folder }) },
  });
}

if (import.meta.main) await runTask(main);
