/**
 * Makes the embedded generator, `fixtures/generator/`: pretrains its image encoder and exports it, trains the generator, and puts
 * the model with a README there. Stopped at any point, the same command goes on.
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
    "Makes the embedded generator: pretrains its image encoder, trains the generator, and puts the model with a README " +
    "into fixtures/generator. Takes some hours on two cores. Stopped at any point, the same command goes on.",
  examples: [{
    command: "deno task make-embedded-generator",
    does: "with runs in runs/embedded; remove fixtures/generator first to make it anew",
  }],
  options: {
    type: "object",
    properties: {
      runs: { type: "string", default: "runs/embedded", description: "folder of both runs" },
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
        description: "replicas of each of the generator's networks that share the threads",
      },
    },
  },
});

const ROOT = new URL("../", import.meta.url).pathname;
const FOLDER = join(ROOT, "fixtures", "generator");
const ENCODER_CONFIGURATION = join(ROOT, "configs", "generator_image_encoder.json");
const CONFIGURATION = join(ROOT, "configs", "embedded_generator.json");

/** Images by which the embedding is found. */
const ENCODER_DATA = "emoji-google";

/** The embedding; each emoji is drawn several times, so that what its drawings share counts for more than what they do not. */
const EMBEDDING = { embedding: 64, emphasis: 0.5, draws: 4 };

/** A part of the generator that was trained, and the log of its steps. */
interface TrainedPart {
  readonly name: string;
  readonly steps: readonly LogRecord[];
}

/** File of a part's curve. */
function curveFile({ name }: TrainedPart): string {
  return `${name.replaceAll(" ", "-")}.svg`;
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
  const cpu = cpus()[0]?.model;
  return `# The embedded generator

A Stable unCLIP for images of ${configuration.imageSize} pixels, in the layout that diffusers' \`StableUnCLIPImg2ImgPipeline\` loads, made from scratch by this project's own training. Made by

\`\`\`sh
deno task make-embedded-generator
\`\`\`

which pretrains the image encoder by \`deno task train --config configs/generator_image_encoder.json\`, exports it from its run by \`deno task generator encoder --data ${ENCODER_DATA} --embedding ${EMBEDDING.embedding} --emphasis ${EMBEDDING.emphasis} --embedding-draws ${EMBEDDING.draws}\`, and trains the rest by \`deno task generator train --config configs/embedded_generator.json --image-encoder\` with what this leaves. The embedding is found on emoji that lie anywhere in their images, so that it does not tell where; the autoencoder and the UNet learn from emoji in the middle. What embeddings do not tell, a UNet can only guess, and guesses blur.

It has learned from [Noto emoji](https://github.com/googlefonts/noto-emoji) (images under the Apache License 2.0), 1,906 of them, from the npm package \`emoji-datasource-google\` (MIT), over backgrounds that this project draws. The weights are under this project's licence.

| part | steps | minutes | loss of the last 100 steps |
| ---- | ----: | ------: | -------------------------: |
${parts.map(rowOf).join("\n")}

on ${threads === 0 ? `${navigator.hardwareConcurrency} cores` : counted(threads, "thread")}${
    cpu === undefined ? "" : ` (${cpu})`
  }, the autoencoder and the UNet by ${
    counted(replicas, "replica")
  } each. What the losses are, and what each number of the configuration is, says [docs/generator.md](../../docs/generator.md). The curves are \`${
    parts.map(curveFile).join("`, `")
  }\`.

The configuration of the image encoder is \`configs/generator_image_encoder.json\`; the generator's, seed included:

\`\`\`json
${JSON.stringify({ ...configuration, imageEncoder: "runs/embedded/encoder" }, null, 2)}
\`\`\`
`;
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
  const [pretraining, output] = [join(runs, "image-encoder"), join(runs, "generator")];
  const encoder = join(runs, "encoder");
  const on = ["--device", "cpu", "--threads", String(threads)];
  const shared = [...on, "--replicas", String(replicas)];
  if (!await isThere(encoder)) {
    const resumed = await isThere(pretraining) ? ["--resume", "latest"] : [];
    await train(["--config", ENCODER_CONFIGURATION, "--output", pretraining, ...resumed, ...on]);
    // It was stopped, and says how to go on; what is exported would be kept.
    if (!await isTrained(pretraining)) return;
    const { embedding, emphasis, draws } = EMBEDDING;
    await generator([
      ...["encoder", pretraining, "--data", ENCODER_DATA, "--output", encoder, ...on],
      ...["--embedding", String(embedding), "--emphasis", String(emphasis)],
      ...["--embedding-draws", String(draws)],
    ]);
  }
  await generator(
    [
      ...["train", "--config", CONFIGURATION, "--image-encoder", encoder],
      ...["--output", output, ...shared],
      // A run of another configuration is refused.
      ...(await isThere(output) ? ["--resume"] : []),
    ],
  );
  if (!await isThere(join(output, "model"))) return;
  const logs = {
    "image encoder": pretraining,
    "autoencoder": join(output, "autoencoder"),
    "UNet": join(output, "unet"),
  };
  const parts = await Promise.all(
    Object.entries(logs).map(async ([name, folder]): Promise<TrainedPart> => ({
      name,
      steps: await readJsonLines(join(folder, "steps.jsonl")),
    })),
  );
  await writeNewFolder(FOLDER, async (temporary) => {
    await cp(join(output, "model"), temporary, { recursive: true });
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
