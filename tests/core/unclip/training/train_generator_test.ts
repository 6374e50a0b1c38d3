import { assert, assertEquals, assertRejects } from "@std/assert";
import { UnclipPipeline } from "../../../../core/unclip/mod.ts";
import {
  trainGenerator,
  type TrainGeneratorOptions,
} from "../../../../core/unclip/training/train_generator.ts";
import { readJsonLines } from "../../../../core/files/json_lines.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";
import { inFolder } from "../../../in_folder.ts";
import { tinyTraining } from "./tiny_generator.ts";

const NETWORKS = ["vae", "unet", "text_encoder", "image_normalizer"];

/** The files of a generator's weights. */
async function weightsOf(folder: string): Promise<Record<string, Uint8Array>> {
  const entries = await Promise.all(NETWORKS.map(async (network) => {
    for await (const { name } of Deno.readDir(`${folder}/${network}`)) {
      if (!name.endsWith(".safetensors")) continue;
      return [network, await Deno.readFile(`${folder}/${network}/${name}`)] as const;
    }
    throw new Error(`no weights of the ${network}`);
  }));
  return Object.fromEntries(entries);
}

/** Trains until an event, stops, and goes on, until it is finished; how often it was stopped. */
async function trainInPieces(
  options: TrainGeneratorOptions,
  every: number,
): Promise<{ readonly folder: string; readonly stops: number }> {
  for (let stops = 0;; stops++) {
    const abort = new AbortController();
    let events = 0;
    const { finished, folder } = await trainGenerator({
      ...options,
      resume: true,
      signal: abort.signal,
      report: ({ kind }) => {
        if ((kind === "step" || kind === "encode") && ++events === every) abort.abort();
      },
    });
    if (finished) return { folder: folder!, stops };
  }
}

Deno.test("a generator that is stopped and resumed is the same, bit for bit", () =>
  inFolder(async (root) => {
    const options = await tinyTraining(root);
    const { folder } = await trainGenerator(options);
    const whole = await weightsOf(folder!);
    const output = `${root}/in-pieces`;
    const pieces = await trainInPieces({ ...options, output }, 3);
    assert(pieces.stops >= 3, `it was stopped ${pieces.stops} times`);
    assertEquals(await weightsOf(pieces.folder), whole);
    const steps = await readJsonLines(`${output}/unet/steps.jsonl`);
    assertEquals(steps.map(({ step }) => step), [1, 2, 3, 4, 5]);
    using pipeline = await UnclipPipeline.create(folder!, { batchSize: 1, steps: 2 });
    assertEquals(pipeline.latentShape, [4, 8, 8]);
  }));

Deno.test("a generator's run is resumed with the same configuration alone, and only where that is asked for", () =>
  inFolder(async (root) => {
    const options = await tinyTraining(root);
    const abort = new AbortController();
    const report = () => abort.abort();
    assertEquals(await trainGenerator({ ...options, signal: abort.signal, report }), {
      finished: false,
    });
    await assertRejects(() => trainGenerator(options), Deno.errors.AlreadyExists, "resume it");
    const configuration = { ...options.configuration, seed: 1 };
    await assertRejects(
      () => trainGenerator({ ...options, configuration, resume: true }),
      TypeError,
      "must have the configuration",
    );
  }));

Deno.test("fine-tuning keeps what is frozen and changes the rest", () =>
  inFolder(async (root) => {
    const options = await tinyTraining(root);
    const { folder } = await trainGenerator({ ...options, storedPrecision: "float32" });
    const tuned = await trainGenerator({
      ...options,
      from: folder!,
      output: `${root}/tuned`,
      storedPrecision: "float32",
      isFrozen: (name) => name.startsWith("down_blocks."),
    });
    const [before, after] = [await weightsOf(folder!), await weightsOf(tuned.folder!)];
    for (const same of ["vae", "text_encoder", "image_normalizer"]) {
      assertEquals(after[same], before[same], same);
    }
    const [first, second] = await Promise.all([folder!, tuned.folder!].map((each) =>
      readSafetensors(`${each}/unet/diffusion_pytorch_model.safetensors`)
    ));
    for (const [name, { data }] of first!.tensors) {
      const isSame = second!.tensors.get(name)!.data.every((value, i) =>
        value === data[i]
      );
      assertEquals(isSame, name.startsWith("down_blocks."), name);
    }
  }));
