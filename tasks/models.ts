/**
 * `deno task models`: published checkpoints of self-supervised methods.
 *
 * @module
 */
import { providerOption } from "../core/schema/provider_option.ts";
import { inspectCheckpoint } from "../core/encoders/inspect_checkpoint.ts";
import { GenviewError, GenviewTypeError } from "../core/errors/mod.ts";
import { DEFAULT_PROTOCOLS, PROTOCOLS } from "../core/evaluate/protocols.ts";
import {
  evaluateCheckpoint,
  type EvaluateCheckpointOptions,
} from "../core/train/run/evaluate_checkpoint.ts";
import type { EncoderRole } from "../core/weights/layouts/layouts.ts";
import {
  type ModelCatalog,
  type PublishedModel,
  publishedModel,
  readModelCatalog,
} from "../core/weights/zoo/model_catalog.ts";
import { listModels, locateModel } from "../core/weights/zoo/local_models.ts";
import { pullModel } from "../core/weights/zoo/pull_model.ts";
import { command, parse, runTask } from "./cli/command_line.ts";
import { DownloadDisplay } from "./cli/download_display.ts";
import { EvaluateDisplay } from "./cli/evaluate_display.ts";
import { describeResults } from "./cli/evaluation_text.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { describeCheckpoint, describeListed } from "./cli/models_text.ts";
import { inRanks } from "./cli/ranks.ts";
import { ranOnWorkers, WORKERS } from "./cli/workers.ts";

/** Heading of the help. */
const EVALUATION = "Evaluation (eval)";

const COMMAND = command({
  name: "models",
  summary:
    "Published checkpoints of GenView, mmpretrain and the methods' authors: lists them with what they scored, pulls them " +
    "(from the hub into HF_HUB_CACHE, from other hosts into PyTorch's hub/checkpoints), and shows what a checkpoint " +
    "holds without running what its pickle names, and evaluates it. Any file of weights may be named in place of a model.",
  positional: "list|pull|show|eval [NAME|WORD|FILE ...]",
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
        "deno task models eval genview-mocov3-r50-100e --train imagenet/train --test imagenet/val",
      does: "nearest neighbours, and a probe by the recipe of the catalogue on cached features",
    },
    {
      command:
        "deno task models eval genview-mocov3-r50-100e --train imagenet/train --test imagenet/val --protocol linear --output evaluations/mocov3",
      does: "the probe as it is published; the same command goes on where it was stopped",
    },
    {
      command:
        'deno task train --method byol --from "$(deno task --quiet models pull mmpretrain-byol-r50-200e)"',
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
      train: {
        group: EVALUATION,
        type: "string",
        default: "",
        description: "labelled images that vote and are trained on",
      },
      test: {
        group: EVALUATION,
        type: "string",
        default: "",
        description: "labelled images that are classified (a held-out part of --train when empty)",
      },
      protocol: {
        group: EVALUATION,
        type: "array",
        items: { type: "string" },
        minItems: 1,
        default: DEFAULT_PROTOCOLS,
        description: `what is done, of ${
          Object.values(PROTOCOLS).join(", ")
        }; of a published model the recipe that is left out of probe and linear is the catalogue's`,
      },
      normalize: {
        group: EVALUATION,
        type: "string",
        enum: ["auto", "imagenet", "clip"],
        default: "auto",
        description:
          "statistics that images are normalised with; auto is what the catalogue says of a model",
      },
      imageSize: {
        group: EVALUATION,
        type: "integer",
        minimum: 0,
        default: 0,
        description: "height and width of the images (0: those of the backbone)",
      },
      output: {
        group: EVALUATION,
        type: "string",
        default: "",
        description:
          "folder for results.json and the checkpoints of probes that are trained; nothing is written when empty",
      },
      device: {
        group: EVALUATION,
        type: "string",
        default: "auto",
        description: "auto, cpu, cuda, cuda:N or webgpu",
      },
      providerOption: { ...providerOption, group: EVALUATION },
      workers: { ...WORKERS, group: EVALUATION },
      loaders: {
        group: EVALUATION,
        type: "integer",
        minimum: 1,
        default: 1,
        description: "threads that cut images",
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

interface Options extends
  Required<
    Pick<
      EvaluateCheckpointOptions,
      "train" | "test" | "imageSize" | "device" | "providerOption" | "loaders"
    >
  > {
  readonly protocol: readonly string[];
  readonly normalize: "auto" | "imagenet" | "clip";
  readonly output: string;
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
  // A name that is wrong shows before gigabytes of the others have come.
  const models = names.map((name) => [name, publishedModel(options.catalog, name)] as const);
  for (const [name, model] of models) {
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

/** Protocols whose recipe, where none is named, is the one by which a model was published. */
function withRecipe(protocol: string, recipe: string | undefined): string {
  return recipe !== undefined && /^(probe|linear)$/.test(protocol)
    ? `${protocol}:${recipe}`
    : protocol;
}

/** The statistics of a model's images, which must be named where its publisher does not say them. */
function statisticsOf(name: string, asked: Options["normalize"], model?: PublishedModel) {
  if (asked !== "auto") return asked;
  if (model?.normalize !== undefined) return model.normalize;
  throw new GenviewTypeError(
    `Cannot evaluate ${name}: ${
      model === undefined ? "its file" : "its publisher"
    } does not say how images are normalised; name --normalize imagenet or --normalize clip, or try both`,
  );
}

async function evaluate(names: readonly string[], options: Options): Promise<void> {
  const { catalog, folders, protocol, output, json, normalize } = options;
  const [name, ...others] = names;
  if (others.length > 0) {
    throw new GenviewTypeError(
      `Cannot evaluate models: one NAME must be given, found ${names.length}`,
    );
  }
  const { path, model } = await locateModel(name!, catalog, folders);
  const { train, test, imageSize, device, providerOption, loaders, encoder } = options;
  const backbone = options.backbone || model?.backbone;
  let leads = true;
  const { results, log } = await inRanks(async (group) => {
    leads = group === undefined || group.rank === 0;
    using display = new EvaluateDisplay();
    return await evaluateCheckpoint(path, {
      ...{ train, test, imageSize, device, providerOption, loaders, encoder, group },
      normalize: statisticsOf(name!, normalize, model),
      protocols: protocol.map((each) => withRecipe(each, model?.recipe)),
      ...(backbone && { backbone }),
      ...(model && { trainedEpochs: model.epochs }),
      ...(output && { output }),
      report: (event) => display.show(event),
    });
  });
  if (!leads) return;
  if (json) return print(JSON.stringify({ results, log }, null, 2));
  print(describeResults(results, log));
  if (model !== undefined) {
    print(
      `published: ${model.linearTop1.toFixed(1)} % top-1 of a linear probe (${
        model.recipe ?? "recipe not stated"
      }) on ImageNet-1k`,
    );
  }
}

const ACTIONS: Readonly<
  Record<string, (names: readonly string[], options: Options) => Promise<void>>
> = { list, pull, show, eval: evaluate };

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
  const { config, cache, folder, encoder, normalize, workers, ...values } = parsed.values;
  if (action === "eval" && await ranOnWorkers("models", args, workers)) return;
  const catalog = await readModelCatalog(config);
  const endpoint = values.endpoint || Deno.env.get("HF_ENDPOINT") || catalog.endpoint;
  await ACTIONS[action]!(names, {
    ...values,
    catalog,
    encoder: encoder as EncoderRole,
    normalize: normalize as Options["normalize"],
    endpoint: endpoint.replace(/\/+$/, ""),
    folders: { ...(cache && { hubCache: cache }), ...(folder && { folder }) },
  });
}

if (import.meta.main) await runTask(main);
