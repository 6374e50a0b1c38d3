/**
 * Makes the embedded generator, `fixtures/generator/`: pretrains its image encoder and exports it, trains the generator, has the
 * image encoder learn layouts and the UNet the embedding that tells them, and puts the model with a README there. Stopped at any
 * point, the same command goes on.
 *
 * @module
 */
import { cp } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { GenviewAlreadyExists } from "../core/errors/mod.ts";
import { ifThere } from "../core/files/if_there.ts";
import { readJson } from "../core/files/json.ts";
import { type LogRecord, readJsonLines } from "../core/files/json_lines.ts";
import { writeNewFolder } from "../core/files/new_folder.ts";
import { counted } from "../core/schema/counted.ts";
import { lineChart } from "../core/plot/mod.ts";
import type { GeneratorConfiguration } from "../core/unclip/training/generator_configuration.ts";
import { command, parse, runTask } from "../tasks/cli/command_line.ts";
import { main as generator } from "../tasks/generator.ts";
import { main as train } from "../tasks/train.ts";

const COMMAND = command({
  name: "make-embedded-generator",
  summary:
    "Makes the embedded generator: pretrains its image encoder, trains the generator, fine-tunes it by an embedding that " +
    "tells layouts, and puts the model with a README into fixtures/generator. Takes some hours on two cores. Stopped at any point, the same command goes on.",
  examples: [{
    command: "deno task make-embedded-generator",
    does: "with runs in runs/embedded; remove fixtures/generator first to make it anew",
  }],
  options: {
    type: "object",
    properties: {
      runs: { type: "string", default: "runs/embedded", description: "folder of all runs" },
      threads: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "threads on the CPU (0: all)",
      },
      replicas: {
        type: "integer",
        minimum: 1,
        default: 2,
        description: "replicas of each network but the first that share the threads",
      },
    },
  },
});

const ROOT = new URL("../", import.meta.url).pathname;
const FOLDER = join(ROOT, "fixtures", "generator");
const ENCODER_CONFIGURATION = join(ROOT, "configs", "generator_image_encoder.json");
const CONFIGURATION = join(ROOT, "configs", "embedded_generator.json");
const FINE_TUNING = join(ROOT, "configs", "embedded_generator_fine_tuning.json");

/**
 * The embedding, and the images by which it is found; each emoji is drawn several times, so that what its drawings share counts
 * for more than what they do not.
 */
const EMBEDDING = ["--data", "emoji-google", "--embedding", "64", "--emphasis", "0.5"]
  .concat("--embedding-draws", "4");

/** How the image encoder learns layouts. */
const LAYOUTS = ["--layout-steps", "4000", "--layout-data", "emoji-google-centred"];

/** A part of the generator that was trained, and the log of its steps. */
interface TrainedPart {
  readonly name: string;
  readonly steps: readonly LogRecord[];
}

/** File of a part's curve. */
function curveFile({ name }: TrainedPart): string {
  return `${name.replaceAll(/[ ,]+/g, "-")}.svg`;
}

async function isThere(path: string): Promise<boolean> {
  return await ifThere(Deno.stat(path)) !== undefined;
}

/** Whether a run of pretraining has taken all its steps. */
async function isTrained(run: string): Promise<boolean> {
  const { totalSteps } = await readJson(join(run, "start.json")) as { readonly totalSteps: number };
  return (await readJsonLines(join(run, "steps.jsonl"))).length === totalSteps;
}

/** Steps, minutes and loss of a part, as a row of the README's table. */
function rowOf({ name, steps }: TrainedPart): string {
  const seconds = steps.reduce((sum, record) => sum + Number(record["seconds"]), 0);
  const last = steps.slice(-100).map((record) => Number(record["loss"]));
  const loss = last.reduce((sum, value) => sum + value, 0) / last.length;
  return `| ${name} | ${steps.length} | ${Math.round(seconds / 60)} | ${loss.toPrecision(3)} |`;
}

async function curveOf({ name, steps }: TrainedPart): Promise<string> {
  const points = steps.map(({ step, loss }): [number, number] => [Number(step), Number(loss)]);
  return await lineChart({
    series: [{ name: "loss", points }],
    title: `Loss of the ${name}`,
    xLabel: "step",
    yLabel: "loss",
    yScale: "log",
    smoothing: 0.98,
  });
}

async function readme(
  parts: readonly TrainedPart[],
  { runs, threads, replicas }: {
    readonly runs: string;
    readonly threads: number;
    readonly replicas: number;
  },
): Promise<string> {
  const configuration = await readJson(
    join(runs, "generator", "configuration.json"),
  ) as GeneratorConfiguration;
  const fineTuning = await Deno.readTextFile(FINE_TUNING);
  const cpu = cpus()[0]?.model;
  return `# The embedded generator

A Stable unCLIP for images of ${configuration.imageSize} pixels, in the layout that diffusers' \`StableUnCLIPImg2ImgPipeline\` loads, made from scratch by this project's own training. Made by

\`\`\`sh
deno task make-embedded-generator
\`\`\`

which pretrains the image encoder by \`deno task train --config configs/generator_image_encoder.json\`, exports it from its run by \`deno task generator encoder ${
    EMBEDDING.join(" ")
  }\`, and trains the rest by \`deno task generator train --config configs/embedded_generator.json --image-encoder\` with what this leaves. The embedding is found on emoji that lie anywhere in their images, so that it does not tell where; the autoencoder and the UNet learn from emoji in the middle. What embeddings do not tell, a UNet can only guess, and guesses blur.

This embedding names images rather than telling what they show. So the image encoder then learns layouts, by the same export with \`${
    LAYOUTS.join(" ")
  }\`, and the UNet goes on with what it gives by \`deno task generator finetune --config configs/embedded_generator_fine_tuning.json --from\` the generator that was trained first.

It has learned from [Noto emoji](https://github.com/googlefonts/noto-emoji) (images under the Apache License 2.0), 1,906 of them, from the npm package \`emoji-datasource-google\` (MIT), over backgrounds that this project draws. The weights are under this project's licence.

| part | steps | minutes | loss of the last 100 steps |
| ---- | ----: | ------: | -------------------------: |
${parts.map(rowOf).join("\n")}

on ${threads === 0 ? `${navigator.hardwareConcurrency} cores` : counted(threads, "thread")}${
    cpu === undefined ? "" : ` (${cpu})`
  }, all but the image encoder's first part by ${
    counted(replicas, "replica")
  } each. What the losses are, and what each number of the configuration is, says [docs/generator.md](../../docs/generator.md). The curves are \`${
    parts.map(curveFile).join("`, `")
  }\`.

The configuration of the image encoder is \`configs/generator_image_encoder.json\`; the generator's, seed included:

\`\`\`json
${JSON.stringify({ ...configuration, imageEncoder: "runs/embedded/encoder" }, null, 2)}
\`\`\`

and of its fine-tuning, where it differs:

\`\`\`json
${fineTuning.trim()}
\`\`\`
`;
}

/** Folders of the parts. */
function foldersOf(runs: string) {
  return {
    pretraining: join(runs, "image-encoder"),
    encoder: join(runs, "encoder"),
    first: join(runs, "generator"),
    layoutEncoder: join(runs, "layout-encoder"),
    fineTuned: join(runs, "fine-tuned"),
  } as const;
}

type Folders = ReturnType<typeof foldersOf>;

/** Whether an image encoder was exported to a folder; its weights come last. */
async function isExported(folder: string): Promise<boolean> {
  return await isThere(join(folder, "image_encoder", "model.safetensors"));
}

/**
 * Makes all parts, as far as they are not there yet.
 *
 * @returns whether none was stopped, which says how to go on
 */
async function makeParts(
  { pretraining, encoder, first, layoutEncoder, fineTuned }: Folders,
  on: readonly string[],
  replicas: readonly string[],
): Promise<boolean> {
  const shared = [...on, ...replicas];
  // A run of another configuration is refused.
  const resumed = async (run: string) => await isThere(run) ? ["--resume"] : [];
  if (!await isExported(encoder)) {
    const latest = await isThere(pretraining) ? ["--resume", "latest"] : [];
    await train(["--config", ENCODER_CONFIGURATION, "--output", pretraining, ...latest, ...on]);
    if (!await isTrained(pretraining)) return false;
    await generator(["encoder", pretraining, ...EMBEDDING, "--output", encoder, ...on]);
  }
  await generator([
    ...["train", "--config", CONFIGURATION, "--image-encoder", encoder],
    ...["--output", first, ...shared, ...await resumed(first)],
  ]);
  if (!await isThere(join(first, "model"))) return false;
  if (!await isExported(layoutEncoder)) {
    const layouts = ["encoder", pretraining, ...EMBEDDING, ...LAYOUTS];
    await generator([...layouts, "--output", layoutEncoder, ...shared]);
    if (!await isExported(layoutEncoder)) return false;
  }
  await generator([
    ...["finetune", "--config", FINE_TUNING, "--from", join(first, "model")],
    ...["--image-encoder", layoutEncoder],
    ...["--output", fineTuned, ...shared, ...await resumed(fineTuned)],
  ]);
  return await isThere(join(fineTuned, "model"));
}

/** How each part was trained. */
async function trainedParts(
  { pretraining, first, layoutEncoder, fineTuned }: Folders,
): Promise<TrainedPart[]> {
  const logs = {
    "image encoder": pretraining,
    "autoencoder": join(first, "autoencoder"),
    "UNet": join(first, "unet"),
    "image encoder, layouts": join(layoutEncoder, "layout"),
    "UNet, fine-tuned": join(fineTuned, "unet"),
  };
  return await Promise.all(
    Object.entries(logs).map(async ([name, folder]): Promise<TrainedPart> => ({
      name,
      steps: await readJsonLines(join(folder, "steps.jsonl")),
    })),
  );
}

/** Makes the embedded generator. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const { runs, threads, replicas } = parsed.values;
  if (await isThere(FOLDER)) {
    throw new GenviewAlreadyExists(
      `Cannot make the embedded generator: ${FOLDER} is there; remove it first`,
    );
  }
  const folders = foldersOf(runs);
  const on = ["--device", "cpu", "--threads", String(threads)];
  if (!await makeParts(folders, on, ["--replicas", String(replicas)])) return;
  const parts = await trainedParts(folders);
  await writeNewFolder(FOLDER, async (temporary) => {
    await cp(join(folders.fineTuned, "model"), temporary, { recursive: true });
    for (const part of parts) {
      await Deno.writeTextFile(join(temporary, curveFile(part)), await curveOf(part));
    }
    await Deno.writeTextFile(
      join(temporary, "README.md"),
      await readme(parts, { runs, threads, replicas }),
    );
  });
  console.log(`the embedded generator: ${FOLDER}`);
}

if (import.meta.main) await runTask(main);
