import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { decodeNumbers } from "../../core/engine/graph/numbers.ts";
import { readJsonLines } from "../../core/files/json_lines.ts";
import { readSafetensors } from "../../core/weights/safetensors.ts";
import { main } from "../../tasks/generator.ts";
import { runGenerator } from "../../core/unclip/training/run_generator.ts";
import { saveClipRun } from "../core/encoders/saved_clip_run.ts";
import { TINY } from "../core/unclip/training/tiny_generator.ts";
import { type Path, withModel } from "../core/variations/variation_fixture.ts";

/** Two steps of each stage on the six pictures of a test. */
function tinyConfiguration(path: Path) {
  const STEPS = { batchSize: 3, steps: 2, warmupSteps: 1 };
  const { autoencoder, unet } = TINY;
  return {
    ...TINY,
    data: path("images"),
    draws: 1,
    autoencoder: { ...autoencoder, ...STEPS },
    unet: { ...unet, ...STEPS, steps: 3 },
  };
}

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

Deno.test("generator trains with samples, shows, samples, and fine-tunes what is not frozen", () =>
  withModel(async (path) => {
    await Deno.writeTextFile(path("config.json"), JSON.stringify(tinyConfiguration(path)));
    const device = ["--device", "cpu", "--threads", "1"];
    const train = ["train", "--config", path("config.json"), "--image-encoder", path("model")];
    const output = ["--output", path("run"), ...device];
    await main([...train, ...output, "--unet-steps", "2"]);
    assertEquals((await readJsonLines(path("run/unet/steps.jsonl"))).length, 2);
    assertEquals(await names(path("run/unet/samples")), ["epoch-00001.png"]);
    assertEquals(await names(path("run/autoencoder/samples")), ["epoch-00001.png"]);
    const [epoch] = await readJsonLines(path("run/unet/epochs.jsonl"));
    assert(Number(epoch!["distance"]) > 0);
    await assertRejects(
      () => main([...train, ...output]),
      Deno.errors.AlreadyExists,
      "it holds a run; resume it by --resume",
    );
    // A run that is finished stays as it is, whatever else it is not given again.
    await main(["train", "--resume", ...output]);

    await main(["show", path("run")]);
    const page = await Deno.readTextFile(path("run/report/index.html"));
    for (const text of ["finished", "all 2 steps", "Distance to real images", "noise level"]) {
      assert(page.includes(text), text);
    }

    const few = ["--data", path("images"), "--num-inference-steps", "2", "--count", "2", ...device];
    await main(["sample", path("run/model"), "--output", path("samples.png"), ...few]);
    assert((await Deno.stat(path("samples.png"))).isFile);

    await main([
      ...["finetune", "--from", path("run/model"), "--config", path("config.json"), "--no-samples"],
      ...["--freeze", "autoencoder", "--freeze", "unet.down_blocks", "--output", path("tuned")],
      ...["--image-encoder", path("run/model"), ...device],
    ]);
    const [before, after] = await Promise.all(
      ["run", "tuned"].map((run) =>
        readSafetensors(path(`${run}/model/unet/diffusion_pytorch_model.safetensors`))
      ),
    );
    const isSame = (name: string) =>
      before!.tensors.get(name)!.data.every((value, i) =>
        value === after!.tensors.get(name)!.data[i]
      );
    assertEquals(isSame("down_blocks.0.resnets.0.conv1.weight"), true);
    assertEquals(isSame("up_blocks.0.resnets.0.conv1.weight"), false);
    await assertRejects(
      () =>
        main([
          ...["finetune", "--from", path("run/model"), "--freeze", "unet.down_block"],
          ...["--data", path("images"), "--output", path("other"), ...device],
        ]),
      TypeError,
      'did you mean "unet.down_blocks"',
    );
  }));

Deno.test("generator takes the backbone of a run for its image encoder, and says by which of its checkpoints", () =>
  withModel(async (path) => {
    await saveClipRun(path("pretraining"), 16);
    await Deno.writeTextFile(path("config.json"), JSON.stringify(tinyConfiguration(path)));
    const abort = new AbortController();
    const options = {
      ...{ output: path("run"), device: "cpu", threads: 1, samples: false },
      ...{ signal: abort.signal, report: () => abort.abort() },
    };
    const config = path("config.json");
    const configuration = { imageEncoder: path("pretraining"), projection: { embedding: 4 } };
    const { finished } = await runGenerator({ ...options, config, configuration });
    assertEquals(finished, false);
    const recorded = JSON.parse(await Deno.readTextFile(path("run/configuration.json")));
    assertEquals(recorded.imageEncoder, path("pretraining/checkpoints/step-000000005"));
    assertEquals(recorded.projection, { embedding: 4, emphasis: 0, draws: 1 });
    await assertRejects(
      () =>
        runGenerator({ ...options, configuration: { projection: { emphasis: 1 } }, resume: true }),
      TypeError,
      "must have the configuration",
    );
    await main([
      ...["encoder", path("pretraining"), "--data", path("images"), "--embedding", "4"],
      ...["--image-size", String(tinyConfiguration(path).imageSize)],
      ...["--output", path("clip"), "--device", "cpu", "--threads", "1"],
    ]);
    const [own, theirs] = await Promise.all(
      ["clip", "run/image_encoder"].map((folder) =>
        Deno.readFile(path(`${folder}/image_encoder/model.safetensors`))
      ),
    );
    assertEquals(own, theirs);
    const layouts = ["encoder", path("pretraining"), "--data", path("images"), "--embedding", "4"];
    await assertRejects(
      () => main([...layouts, "--layout-data", path("images"), "--output", path("told")]),
      TypeError,
      "give --layout-steps too",
    );
    await assertRejects(
      () => main(["train", "--layout-steps", "5", "--output", path("none")]),
      TypeError,
      'it is for "generator encoder"',
    );
    const device = ["--device", "cpu", "--threads", "1"];
    await main([
      ...layouts,
      "--layout-steps",
      "2",
      "--layout-batch-size",
      "3",
      "--output",
      path("told"),
      ...device,
    ]);
    assertEquals((await readJsonLines(path("told/layout/steps.jsonl"))).length, 2);
    assertEquals(await names(path("told")), ["feature_extractor", "image_encoder", "layout"]);
    const given = { imageEncoder: path("clip"), projection: { embedding: 4 } };
    await assertRejects(
      () => runGenerator({ ...options, config, output: path("other"), configuration: given }),
      TypeError,
      "chosen for image encoders that are exported",
    );
  }));

Deno.test("generator fine-tunes by another image encoder, whose statistics are measured anew", () =>
  withModel(async (path) => {
    await saveClipRun(path("pretraining"), 16);
    await Deno.writeTextFile(path("config.json"), JSON.stringify(tinyConfiguration(path)));
    const options = ["--config", path("config.json"), "--no-samples"];
    const device = ["--device", "cpu", "--threads", "1"];
    const by = (run: string) => [...options, "--image-encoder", path(run), ...device];
    await main([
      ...["train", "--embedding", "4", ...by("pretraining"), "--output", path("run")],
      ...["--unet-steps", "2"],
    ]);
    const finetune = ["finetune", "--from", path("run/model")];
    await assertRejects(
      () => main([...finetune, ...by("pretraining"), "--output", path("wide")]),
      RangeError,
      "must have embeddings of 4, which the generator's UNet takes, found 64; give projection.embedding",
    );
    const frozen = ["--freeze", "unet.class_embedding", "--output", path("frozen")];
    await assertRejects(
      () => main([...finetune, ...by("pretraining"), "--embedding", "4", ...frozen]),
      RangeError,
      "frozen must leave out unet.class_embedding.linear_1",
    );
    // Nothing is learnt at such a rate; what is left is the same function of standardised embeddings.
    await main([
      ...[...finetune, ...by("pretraining"), "--embedding", "4", "--emphasis", "1"],
      ...["--unet-learning-rate", "1e-9", "--output", path("tuned")],
    ]);
    const read = async (run: string, part: string) => {
      const file = path(`${run}/model/${part}/diffusion_pytorch_model.safetensors`);
      const { tensors } = await readSafetensors(file);
      return (name: string) => Array.from(decodeNumbers(tensors.get(name)!));
    };
    const [own, theirs] = [
      await read("run", "image_normalizer"),
      await read("tuned", "image_normalizer"),
    ];
    const ratios = own("std").map((deviation, i) => deviation / theirs("std")[i]!);
    assert(ratios.some((ratio) => Math.abs(ratio - 1) > 0.02), "the statistics are the same");
    const layer = "class_embedding.linear_1.weight";
    const [before, after] = [
      (await read("run", "unet"))(layer),
      (await read("tuned", "unet"))(layer),
    ];
    ratios.forEach((ratio, i) => assertAlmostEquals(after[i]! / before[i]!, ratio, 0.003 * ratio));
    assertEquals(after[4], before[4]);
  }));

Deno.test("generator trains for few steps, and fine-tunes at the size of the generator by small ones", () =>
  withModel(async (path) => {
    const { autoencoder, unet, ...configuration } = tinyConfiguration(path);
    const [{ warmupSteps: _, ...coder }, { warmupSteps: __, ...denoiser }] = [autoencoder, unet];
    const given = { ...configuration, autoencoder: coder, unet: denoiser };
    await Deno.writeTextFile(path("config.json"), JSON.stringify(given));
    const common = ["--device", "cpu", "--threads", "1", "--no-samples"];
    const recorded = async (run: string) =>
      JSON.parse(await Deno.readTextFile(path(`${run}/configuration.json`)));

    await main([
      ...["train", "--config", path("config.json"), "--image-encoder", path("model"), ...common],
      ...["--autoencoder-learning-rate", "0.002", "--unet-learning-rate", "2e-4"],
      ...["--output", path("run"), "--checkpoint-minutes", "0"],
    ]);
    const run = await recorded("run");
    assertEquals([run.autoencoder.learningRate, run.unet.learningRate], [0.002, 2e-4]);
    assertEquals([run.autoencoder.warmupSteps, run.unet.warmupSteps], [0, 0]);
    const checkpoints = await names(path("run/unet/checkpoints"));
    assertEquals(checkpoints, ["step-000000002", "step-000000003"]);

    const batches = { autoencoder: { batchSize: 3 }, unet: { batchSize: 3 } };
    await Deno.writeTextFile(path("batches.json"), JSON.stringify(batches));
    const tune = [
      ...["finetune", "--from", path("run/model"), "--config", path("batches.json"), ...common],
      ...["--data", path("images"), "--unet-steps", "3"],
    ];
    await main([...tune, "--output", path("tuned")]);
    const tuned = await recorded("tuned");
    assertEquals(tuned.imageSize, 16);
    assertEquals([tuned.autoencoder.learningRate, tuned.unet.learningRate], [1e-5, 1e-5]);
    await main(["finetune", "--resume", ...common, "--output", path("tuned")]);
    await assertRejects(
      () => main([...tune, "--image-size", "64", "--output", path("large")]),
      RangeError,
      "imageSize must be 16, at which its UNet was trained, found 64",
    );
    await assertRejects(() => Deno.stat(path("large")), Deno.errors.NotFound);
  }));

Deno.test("generator refuses what it cannot do", async () => {
  const refuse = (args: readonly string[], message: string) =>
    assertRejects(() => main(args), Error, message);
  await refuse(["trian"], 'did you mean "train"');
  await refuse(["train", "photos"], "it takes options alone");
  await refuse(["train", "--from", "x"], "--from and --freeze are for finetune");
  await refuse(["finetune"], "--from must name it");
  await refuse(["sample"], "one GENERATOR must be named, found none");
  await refuse(["measure", "model"], "--encoder must name a network");
  await refuse(["sample", "model", "--precision", "bfloat16"], "Cannot generate in bfloat16");
  const nowhere = await Deno.makeTempDir();
  await refuse(["train", "--resume", "--output", `${nowhere}/run`], "it holds no run");
  await refuse(["show", nowhere], "Cannot read");
  await Deno.remove(nowhere);
});
