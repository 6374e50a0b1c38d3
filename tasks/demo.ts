/**
 * `deno task demo`: the whole of GenView on emoji, with generated pairs and with ordinary ones, and a page on it.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { GenviewAlreadyExists } from "../core/errors/mod.ts";
import { openDevice } from "../core/engine/ort/mod.ts";
import { FolderLock } from "../core/files/folder_lock.ts";
import { loadMethodByName } from "../core/method/load.ts";
import { type NetworkScores, percent } from "../core/report/mod.ts";
import { providerOption } from "../core/schema/provider_option.ts";
import { bundledMethods } from "../plugins/mod.ts";
import { command, parse, runTask } from "./cli/command_line.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { refuseRanks } from "./cli/ranks.ts";
import { generate } from "./demo/generation.ts";
import { openDemoImages } from "./demo/images.ts";
import { demoRuns, trainRun } from "./demo/runs.ts";
import { tell, type WrittenStory } from "./demo/story.ts";

/** Epochs of a demo that takes its time. */
const FULL_EPOCHS = 40;

const COMMAND = command({
  name: "demo",
  summary:
    "Shows GenView on emoji: finds what is foreground in each, generates variations by how much that is, pretrains a " +
    "ResNet-18 once with generated pairs that are weighted by their quality and once with ordinary pairs, evaluates " +
    "both on Twemoji, and tells of it on one page. Takes some minutes on two cores.",
  examples: [
    { command: "deno task demo", does: "writes runs/demo/simsiam-seed-0/report/index.html" },
    {
      command: "deno task demo --seed 1",
      does: "once more with other random numbers, and the variations that are there",
    },
    {
      command: "deno task demo --full",
      does: "longer: variations of all images, and 40 epochs",
    },
    { command: "deno task demo --method byol", does: "by another method" },
    { command: "deno task demo --resume", does: "resumes a demo that was stopped" },
  ],
  options: {
    type: "object",
    properties: {
      output: {
        type: "string",
        default: "runs/demo",
        description: "folder of all demos, which share images and variations",
      },
      resume: { type: "boolean", default: false, description: "resume a demo that was stopped" },
      full: {
        type: "boolean",
        default: false,
        description: `variations of all images, and ${FULL_EPOCHS} epochs`,
      },
      seed: { type: "integer", minimum: 0, default: 0, description: "seed of both runs" },
      method: { type: "string", default: "simsiam", description: "method, by its preset demo" },
      epochs: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "passes over the images (0: as many as the preset has)",
      },
      images: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "emoji of each set that are used, evenly out of all (0: all)",
      },
      variedImages: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "images that get variations (0: as many as fit into two minutes)",
      },
      generator: {
        type: "string",
        default: "embedded",
        description: "folder of a generator in diffusers' layout",
      },
      model: {
        type: "string",
        default: "",
        description:
          "network of masks and weights, as extract-features takes it; the generator's image encoder when empty",
      },
      modelSize: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "height and width of that network's images (0: its own)",
      },
      steps: {
        type: "integer",
        minimum: 1,
        maximum: 1000,
        default: 8,
        description: "steps of the generator's scheduler",
      },
      device: { type: "string", default: "auto", description: "auto, cpu, cuda, cuda:N or webgpu" },
      providerOption,
      threads: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "threads of ONNX Runtime on the CPU (0: one for each core)",
      },
    },
  },
});

type Values = NonNullable<ReturnType<typeof parse<typeof COMMAND.options>>>["values"];

/** Folder of one demo: its two runs and its page. */
function folderOf({ output, method, seed, full }: Values): string {
  return join(output, `${method}-seed-${seed}${full ? "-full" : ""}`);
}

/** Refuses a folder that has a page, or runs that are not to be resumed. */
function checkFree(folder: string, { resume }: Values): void {
  const page = join(folder, "report", "index.html");
  if (existsSync(page)) {
    throw new GenviewAlreadyExists(
      `Cannot begin a demo in ${folder}: it is done, and its page is ${page}; choose another --seed or --output`,
    );
  }
  if (resume || !existsSync(folder)) return;
  throw new GenviewAlreadyExists(
    `Cannot begin a demo in ${folder}: it has begun; --resume goes on, or choose another --seed or --output`,
  );
}

/** The figures for people. */
function describe({ page, scores, masks }: WrittenStory): string {
  const line = (what: string, of: (scores: NetworkScores) => number) =>
    `${what}: generated pairs ${percent(of(scores.generated))}, ordinary pairs ${
      percent(of(scores.ordinary))
    }, untrained ${percent(of(scores.initial))}, raw pixels ${percent(of(scores.pixels))}`;
  const { intersectionOverUnion, ratioCorrelation } = masks.masks;
  return [
    line("nearest neighbours", ({ features }) => features.knn.top1),
    line("linear probe on cached features", ({ probe }) => probe.top1),
    line("same emoji found first", ({ features }) => features.retrieval!.forward.recallAt1),
    `masks against the truth, intersection over union: ${intersectionOverUnion.toFixed(3)} ` +
    `(correlation of the ratio ${ratioCorrelation.toFixed(3)}); square in the middle ${
      masks.centerSquare.intersectionOverUnion.toFixed(3)
    }`,
    `report: ${page}`,
  ].join("\n");
}

/** Runs the task with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  refuseRanks("demo");
  const { values } = parsed;
  const { output, resume, full, seed, generator, model, modelSize, steps } = values;
  const { device: deviceName, providerOption, threads } = values;
  const folder = folderOf(values);
  checkFree(folder, values);
  using _output = await FolderLock.acquire(output, { name: "demo" });
  const began = performance.now();
  const method = await loadMethodByName(values.method, bundledMethods);
  const device = await openDevice(deviceName, providerOption);
  using interrupt = interruptSignal();
  const { signal } = interrupt;
  const stopped = (where: string) => {
    const again = existsSync(folder) ? "the same command and --resume" : "the same command";
    console.log(`stopped in ${where}; resume with ${again}`);
  };

  const images = await openDemoImages(output, values.images);
  const generated = await generate(
    {
      ...{
        output,
        generator,
        model,
        modelSize,
        steps,
        device: deviceName,
        providerOption,
        threads,
      },
      variedImages: values.variedImages || (full ? images.rendered.length : undefined),
    },
    images,
    signal,
  );
  if (generated === undefined) return stopped("the pipeline");

  const epochs = values.epochs || (full ? FULL_EPOCHS : 0);
  const options = { method, images, generated, folder, epochs, seed, modelSize };
  const training = { ...options, device: deviceName, providerOption, threads };
  const runs = await demoRuns(training);
  for (const run of runs) {
    if (await trainRun(run, training, signal) === undefined) return stopped(run.name);
  }
  try {
    const written = await tell({
      ...{ method, images, generated, runs, device, threads, signal },
      folder: join(folder, "report"),
      minutes: resume ? undefined : () => (performance.now() - began) / 60_000,
    });
    console.log(describe(written));
  } catch (error) {
    if (error !== signal.reason) throw error;
    stopped("the report");
  }
}

if (import.meta.main) await runTask(main);
