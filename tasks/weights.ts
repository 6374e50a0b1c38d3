/**
 * `deno task weights`: published weights, from the Hugging Face hub or from files at hand.
 *
 * @module
 */
import { counted } from "../core/schema/counted.ts";
import { GenviewError, GenviewTypeError } from "../core/errors/mod.ts";
import { expectedPublishedFile } from "../core/unclip/expected_file.ts";
import { readCatalog } from "../core/weights/catalog.ts";
import { agrees, type TensorDifferences } from "../core/weights/verify_tensors.ts";
import {
  type CachedVariant,
  listWeights,
  pullWeights,
  type PullWeightsOptions,
  type VerifiedFile,
  verifyWeights,
} from "../core/weights/weight_sets.ts";
import { command, parse, runTask } from "./cli/command_line.ts";
import { DownloadDisplay } from "./cli/download_display.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";

const COMMAND = command({
  name: "weights",
  summary:
    "Published weights: lists them, pulls them into the Hugging Face cache (HF_HOME, HF_HUB_CACHE and HF_TOKEN are " +
    "respected), or verifies that the tensors are those that the network needs.",
  positional: "list|pull|verify [NAME ...]",
  examples: [
    { command: "deno task weights list", does: "what is known, and what is in the cache" },
    {
      command: "deno task weights pull clip-convnext-base-w",
      does: "resumes a pull that broke off, and checks every file",
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
      trainingData: {
        type: "string",
        default: "",
        description:
          "name of a CLIP model's weights, to verify a file that has others of the model than the catalogue's",
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
});

interface Options
  extends Pick<PullWeightsOptions, "catalog" | "cache" | "variant" | "from" | "endpoint"> {
  readonly trainingData?: string;
}

function print(line: string): void {
  console.log(line);
}

function describeVariant({ variant, wanted, files }: CachedVariant): string {
  const label = variant === "" ? "" : `${variant}: `;
  if (files.length === 0) return `${label}not in the cache`;
  if (files.length < wanted) return `${label}${files.length} of ${wanted} files in the cache`;
  return `${label}in the cache: ${
    files.length === 1 ? files[0]!.file : counted(files.length, "file")
  }`;
}

async function list(names: readonly string[], options: Options): Promise<void> {
  for (const { name, entry, variants } of await listWeights(names, options)) {
    print(`${name}: ${entry.description}`);
    print(`  ${entry.repository}, revision ${entry.revision}`);
    for (const variant of variants) print(`  ${describeVariant(variant)}`);
  }
}

/** Says what is left of a pull that was stopped, or which host may not be asked. */
function explain(error: unknown, endpoint: string, stopped: boolean): unknown {
  if (stopped) {
    return new GenviewError("Cannot finish: interrupted; pulling again resumes from here", {
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

async function pull(names: readonly string[], options: Options): Promise<void> {
  using interrupt = interruptSignal();
  using display = new DownloadDisplay({
    write: (text) => Deno.stderr.writeSync(new TextEncoder().encode(text)),
    terminal: Deno.stderr.isTerminal(),
    now: () => performance.now(),
  });
  const token = Deno.env.get("HF_TOKEN");
  for (const name of names) {
    try {
      const files = await pullWeights(name, {
        ...options,
        signal: interrupt.signal,
        ...(token ? { token } : {}),
        onProgress: (path, received, size) => display.update(path, received, size),
      });
      for (const { file } of files) print(file);
    } catch (error) {
      throw explain(error, options.endpoint ?? options.catalog.endpoint, interrupt.signal.aborted);
    }
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

function describeFile({ path, tensors, compared }: VerifiedFile): string {
  if (compared === undefined) {
    return `${path}: ${tensors} tensors; no network says which they must be`;
  }
  const { network, expected, differences } = compared;
  if (!agrees(differences)) {
    return [`${path} differs from ${network}:`, ...differenceLines(differences)].join("\n");
  }
  const others = tensors - expected;
  return `${path}: the ${expected} tensors of ${network}` +
    (others > 0 ? `, and ${others} of other networks` : "");
}

async function verify(names: readonly string[], options: Options): Promise<void> {
  for (const name of names) {
    const files = await verifyWeights(name, { ...options, expect: expectedPublishedFile });
    for (const file of files) {
      print(describeFile(file));
      if (file.compared !== undefined && !agrees(file.compared.differences)) Deno.exitCode = 1;
    }
  }
}

const ACTIONS: Readonly<
  Record<string, (names: readonly string[], options: Options) => Promise<void>>
> = { list, pull, verify };

/** Runs the task with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
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
  const { config, variant, from, cache, trainingData, ...values } = parsed.values;
  const endpoint = values.endpoint || Deno.env.get("HF_ENDPOINT");
  await ACTIONS[action]!(names, {
    catalog: await readCatalog(config),
    variant,
    ...(from !== "" && { from }),
    ...(cache !== "" && { cache }),
    ...(trainingData !== "" && { trainingData }),
    ...(endpoint && { endpoint: endpoint.replace(/\/+$/, "") }),
  });
}

if (import.meta.main) await runTask(main);
