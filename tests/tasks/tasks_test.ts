import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { sharp } from "../../core/deps/sharp.ts";
import { RandomStream } from "../../core/engine/random/random_stream.ts";
import type { EvaluationResult } from "../../core/evaluate/results.ts";
import { readSafetensors } from "../../core/weights/safetensors.ts";
import configuration from "../../deno.json" with { type: "json" };
import { inFolder } from "../in_folder.ts";
import { lastOfEach } from "./last_of_each.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Runs a deno task with the permissions that deno.json gives it. */
async function task(name: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", name, ...lastOfEach(args)],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** Two classes of small pictures: reddish and bluish noise. */
async function drawPhotos(folder: string): Promise<void> {
  const random = new RandomStream(0, "photos");
  for (const [index, name] of ["blue", "red"].entries()) {
    await Deno.mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < 12; i++) {
      const data = Uint8Array.from(
        { length: 40 * 40 * 3 },
        (_, at) => random.integer(at % 3 === (index === 0 ? 2 : 0) ? 256 : 100),
      );
      await sharp(data, { raw: { width: 40, height: 40, channels: 3 } }).png()
        .toFile(join(folder, name, `${i}.png`));
    }
  }
}

Deno.test("no task runs with all permissions", () => {
  for (const [name, { command }] of Object.entries(configuration.tasks)) {
    assert(!/ -A\b|--allow-all/.test(command), `${name}: ${command}`);
  }
});

Deno.test("every task prints its help with examples", async () => {
  const names = Object.keys(configuration.tasks).filter((name) =>
    !["check", "test"].includes(name)
  );
  for (const name of names) {
    const { code, out } = await task(name, "--help");
    assertEquals(code, 0, name);
    assertStringIncludes(out, `deno task ${name}`);
    assertStringIncludes(out, "Examples:", name);
  }
});

Deno.test("train, resume, evaluate and export work on a folder of images", () =>
  inFolder(async (folder) => {
    const [photos, run] = [join(folder, "photos"), join(folder, "run")];
    await drawPhotos(photos);
    const options = [
      "--preset",
      "cifar",
      "--data",
      photos,
      "--evaluation-data",
      photos,
      "--stem",
      "imagenet",
      "--batch-size",
      "8",
      "--threads",
      "2",
      "--output",
      run,
      "--options",
      '{"projectorWidth":64,"predictorWidth":16}',
    ];
    const trained = await task("train", ...options, "--epochs", "1");
    assertEquals(trained.code, 0, trained.err);
    assertStringIncludes(trained.out, "trained 3 steps");
    assertStringIncludes(trained.err, "epoch 1: loss");
    assertStringIncludes(trained.err, "knn");

    const again = await task("train", ...options, "--epochs", "1");
    assertEquals(again.code, 1);
    assertStringIncludes(again.err, "it holds one; resume it, or name another output folder");

    const evaluated = await task("evaluate", run, "--train", photos, "--test", photos, "--json");
    assertEquals(evaluated.code, 0, evaluated.err);
    const { results: found } = JSON.parse(evaluated.out) as { results: EvaluationResult[] };
    assertEquals(found.map(({ protocol, test }) => [protocol, test.samples]), [
      ["knn", 24],
      // Test images are training images too, so that a part of them is held out.
      ["probe", 4],
    ]);
    assert(found.every(({ figures }) => figures["top1"]! >= 0.5), evaluated.out);

    const results = join(folder, "pca_results");
    const extracted = await task(
      "extract-features",
      ...[
        "--input-list",
        photos,
        "--model",
        run,
        "--image-size",
        "64",
        "--output-dir",
        results,
        "--num-vis",
        "2",
      ],
    );
    assertEquals(extracted.code, 0, extracted.err);
    const weighed = join(folder, "weighed");
    const quality = [
      ...["--quality-encoder", run, "--quality-component", results, "--quality-image-size", "64"],
      ...["--vis", "2"],
    ];
    const second = await task(
      "train",
      ...[...options, "--epochs", "1", "--evaluate-every", "0", ...quality, "--output", weighed],
    );
    assertEquals(second.code, 0, second.err);
    const [line] = (await Deno.readTextFile(join(weighed, "steps.jsonl"))).split("\n");
    assert(JSON.parse(line!).largestPairWeight > 1, line);
    assert((await Deno.stat(join(weighed, "pairs", "epoch-0.png"))).size > 0);

    const file = join(folder, "backbone.safetensors");
    const exported = await task("export", run, file);
    assertEquals(exported.code, 0, exported.err);
    assert((await readSafetensors(file)).tensors.has("layer4.1.bn2.running_var"));
    const onnx = await task("export", run, join(folder, "backbone.onnx"), "--batch", "2");
    assertEquals(onnx.code, 0, onnx.err);
    const twice = await task("export", run, file);
    assertEquals(twice.code, 1);
    assertStringIncludes(twice.err, "the name must be free");
  }));

Deno.test("train refuses unknown options, methods and data before it writes anything", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    for (
      const [args, message] of [
        [["--epoch", "3"], 'did you mean "--epochs"?'],
        [["--method", "simsam"], 'the nearest is "simsiam"'],
        [["--data", join(folder, "nothing")], "found nothing of this name"],
        [["--backbone", "resnet19"], 'the nearest is "resnet18"'],
      ] as const
    ) {
      const { code, err } = await task("train", ...args, "--output", run);
      assertEquals(code, 1);
      assertStringIncludes(err, message);
    }
    assertEquals([...Deno.readDirSync(folder)], []);
  }));
