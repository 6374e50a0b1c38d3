/**
 * `deno task weights`: published weights, from the Hugging Face hub or from files at hand.
 *
 * @module
 */
import { GenviewError, GenviewTypeError } from "../core/errors/mod.ts";
import { expectedClipFile } from "../core/encoders/expected_clip_file.ts";
import { expectedUnclipFile } from "../core/unclip/expected_file.ts";
import { defaultHubCache } from "../core/weights/hub_cache.ts";
import { findLocal, importFiles } from "../core/weights/local_files.ts";
import { openTensors } from "../core/weights/open_tensors.ts";
import { findPulled, type FoundFile, pullFiles } from "../core/weights/pull.ts";
import type { TensorFile } from "../core/weights/tensor_file.ts";
import { agrees, type TensorDifferences, verifyTensors } from "../core/weights/verify_tensors.ts";
import { type Command, parse, runTask } from "./cli/command_line.ts";
import { DownloadDisplay } from "./cli/download_display.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import {
  type Catalog,
  type CatalogEntry,
  catalogEntry,
  readCatalog,
  variantNames,
  wantedFiles,
} from "../core/weights/catalog.ts";

const COMMAND: Command = {
  name: "weights",
  summary:
    "Published weights: lists them, pulls them into the Hugging Face cache (HF_HOME, HF_HUB_CACHE and HF_TOKEN are " +
    "heeded), or verifies that the tensors are those that the network needs.",
  positional: "list|pull|verify [NAME ...]",
  examples: [
    { command: "deno task weights list", does: "what is known, and what is in the cache" },
    {
      command: "deno task weights pull clip-convnext-base-w",
      does: "goes on where an earlier pull broke off, and checks every file",
    },
    {
      command: "deno task weights pull stable-unclip-2-1 --variant fp16 --from ./unclip",
      does: "takes the files of a folder instead of the hub's",
    },
    {
      command: "deno task weights verify clip-vit-h-14 --from open_clip_pytorch_model.bin",
      does: "compares names and shapes with the network's",
    },
  ],
  options: {
    type: "object",
    properties: {
      variant: {
        type: "string",
        default: "",
        description: "variant of the files, such as fp16; the first of the set if empty",
      },
      from: {
        type: "string",
        default: "",
        description: "folder laid out as the repository, or file, to use in place of the hub's",
      },
      endpoint: {
        type: "string",
        default: "",
        description: "address of a mirror; HF_ENDPOINT or the configuration's if empty",
      },
      cache: {
        type: "string",
        default: "",
        description: "folder of the cache; the one that the environment names if empty",
      },
      config: {
        type: "string",
        default: "",
        description: "JSON over core/weights/catalog.json, to name other repositories or revisions",
      },
    },
  },
};

/** What the command line came to. */
interface Request {
  readonly catalog: Catalog;
  readonly names: readonly string[];
  readonly variant: string;
  readonly from: string;
  readonly cache: string;
  readonly endpoint: string;
}

function print(line: string): void {
  console.log(line);
}

async function state(entry: CatalogEntry, variant: string, cache: string): Promise<string> {
  const found = await findPulled(entry, wantedFiles(entry, variant), cache);
  const there = found.filter((file) => file !== undefined);
  const label = variant === "" ? "" : `${variant}: `;
  if (there.length === 0) return `${label}not in the cache`;
  if (there.length < found.length) {
    return `${label}${there.length} of ${found.length} files in the cache`;
  }
  return `${label}in the cache: ${there.length === 1 ? there[0]!.file : `${there.length} files`}`;
}

async function list({ catalog, names, cache }: Request): Promise<void> {
  for (const name of names.length > 0 ? names : Object.keys(catalog.weights)) {
    const entry = catalogEntry(catalog, name);
    print(`${name}: ${entry.description}`);
    print(`  ${entry.repository}, revision ${entry.revision}`);
    for (const variant of variantNames(entry)) print(`  ${await state(entry, variant, cache)}`);
  }
}

/** Says what has become of a pull that was stopped, or which host may not be asked. */
function explain(error: unknown, endpoint: string, stopped: boolean): unknown {
  if (stopped) {
    return new GenviewError("Cannot finish: interrupted; pulling again goes on from here", {
      cause: error,
    });
  }
  if (!(error instanceof Deno.errors.NotCapable)) return error;
  return new GenviewTypeError(
    `Cannot pull from ${endpoint}: the task may reach the hub's own hosts alone (${error.message}); ` +
      "for others run tasks/weights.ts by deno run with --allow-net for them",
    { cause: error },
  );
}

async function pull({ catalog, names, variant, from, cache, endpoint }: Request): Promise<void> {
  using interrupt = interruptSignal();
  using display = new DownloadDisplay({
    write: (text) => Deno.stderr.writeSync(new TextEncoder().encode(text)),
    terminal: Deno.stderr.isTerminal(),
    now: () => performance.now(),
  });
  const token = Deno.env.get("HF_TOKEN");
  for (const name of names) {
    const entry = catalogEntry(catalog, name);
    const wanted = wantedFiles(entry, variant);
    let files: readonly FoundFile[];
    if (from !== "") files = await importFiles(entry, await findLocal(from, wanted), cache);
    else {
      try {
        files = await pullFiles(entry, wanted, {
          cache,
          endpoint,
          signal: interrupt.signal,
          ...(token ? { token } : {}),
          onProgress: (path, received, size) => display.update(path, received, size),
        });
      } catch (error) {
        throw explain(error, endpoint, interrupt.signal.aborted);
      }
    }
    for (const { file } of files) print(file);
  }
}

/** Lines that say what differs; of many the first. */
function differenceLines({ missing, unexpected, misshapen }: TensorDifferences): string[] {
  const lists: [string, readonly string[]][] = [
    ["missing", missing],
    ["unexpected", unexpected],
    [
      "wrong shape",
      misshapen.map(({ name, expected, found }) =>
        `${name} must be [${expected.join(",")}], found [${found.join(",")}]`
      ),
    ],
  ];
  return lists.flatMap(([what, items]) => [
    ...items.slice(0, 20).map((item) => `  ${what}: ${item}`),
    ...(items.length > 20 ? [`  ${what}: ${items.length - 20} more`] : []),
  ]);
}

async function compare(file: TensorFile, network: string | undefined): Promise<boolean> {
  if (network === undefined) {
    print(`${file.path}: ${file.names.length} tensors; no network says which they must be`);
    return true;
  }
  const { tensors, belongs } = await expectedUnclipFile(network, file) ??
    expectedClipFile(network, file);
  const differences = verifyTensors(tensors, file, belongs);
  if (agrees(differences)) {
    const others = file.names.length - tensors.size;
    print(
      `${file.path}: the ${tensors.size} tensors of ${network}` +
        (others > 0 ? `, and ${others} of other networks` : ""),
    );
    return true;
  }
  print(`${file.path} differs from ${network}:`);
  for (const line of differenceLines(differences)) print(line);
  return false;
}

async function locate(entry: CatalogEntry, { variant, from, cache }: Request, name: string) {
  const wanted = wantedFiles(entry, variant);
  if (from !== "") return await findLocal(from, wanted);
  const found = await findPulled(entry, wanted, cache);
  const missing = wanted.filter((_, i) => found[i] === undefined);
  if (missing.length === 0) return found as FoundFile[];
  const option = variant === "" ? "" : ` --variant ${variant}`;
  throw new GenviewTypeError(
    `Cannot verify ${name}: ${missing.length} of its ${wanted.length} files are not in the cache, ` +
      `such as ${missing[0]![0]}; run "deno task weights pull ${name}${option}"`,
  );
}

async function verify(request: Request): Promise<void> {
  let agreed = true;
  for (const name of request.names) {
    const entry = catalogEntry(request.catalog, name);
    const files = await locate(entry, request, name);
    for (const [i, { path, file }] of files.entries()) {
      if (!/\.(safetensors|bin|pth|pt)$/.test(path)) continue;
      using tensors = await openTensors(file);
      agreed = await compare(tensors, entry.files[i]!.network) && agreed;
    }
  }
  if (!agreed) Deno.exitCode = 1;
}

const ACTIONS: Readonly<Record<string, (request: Request) => Promise<void>>> = {
  list,
  pull,
  verify,
};

/** Runs the task with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, print);
  if (parsed === undefined) return;
  const [action = "", ...names] = parsed.positional;
  if (!Object.hasOwn(ACTIONS, action)) {
    throw new GenviewTypeError(
      `Cannot handle weights: the first argument must be list, pull or verify, found "${action}"`,
    );
  }
  if (action !== "list" && names.length === 0) {
    throw new GenviewTypeError(
      `Cannot ${action} weights: at least one NAME must be given, found none; "deno task weights list" has them`,
    );
  }
  const option = (name: string) => String(parsed.values[name]);
  const catalog = await readCatalog(option("config"));
  const endpoint = option("endpoint") || Deno.env.get("HF_ENDPOINT") || catalog.endpoint;
  await ACTIONS[action]!({
    catalog,
    names,
    variant: option("variant"),
    from: option("from"),
    cache: option("cache") || defaultHubCache(),
    endpoint: endpoint.replace(/\/+$/, ""),
  });
}

if (import.meta.main) await runTask(main);
