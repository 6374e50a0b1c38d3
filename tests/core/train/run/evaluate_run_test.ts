import { assert, assertEquals, assertRejects } from "@std/assert";
import { FolderLock } from "../../../../core/files/folder_lock.ts";
import { readJsonLines } from "../../../../core/files/json_lines.ts";
import { type EvaluateEvent, evaluateRun } from "../../../../core/train/run/evaluate_run.ts";
import { drawPictures } from "../../../tasks/square_pictures.ts";
import { withFolder } from "../../backbones/clip_golden.ts";
import { writeNetwork } from "./untrained_network.ts";

Deno.test("evaluateRun() holds out a part of each class, reports progress, and logs into the run", () =>
  withFolder(async (path) => {
    const images = path("images");
    await drawPictures(images);
    await writeNetwork(path("run/checkpoints"), images);
    const events: EvaluateEvent[] = [];
    const found = await evaluateRun(path("run"), {
      device: "cpu",
      heldOutShare: 0.4,
      report: (event) => void events.push(event),
    });
    assertEquals([found.train.samples, found.test.samples, found.overlap], [4, 2, 0]);
    assertEquals(found.test.heldOut, 0.4);
    assertEquals(found.probe!.split, "separate");
    assertEquals(found.chance, { classes: 2, balanced: 0.5, balancedTop5: 1, majority: 0.5 });
    const features = events.filter((event) => event.kind === "features");
    assertEquals(features.map(({ done, total }) => [done, total]), [[4, 4], [2, 2]]);
    const probe = events.filter((event) => event.kind === "probe");
    assertEquals([probe.length, probe.at(-1)!.done, probe.at(-1)!.total], [90, 90, 90]);

    await evaluateRun(path("run"), { device: "cpu", probe: "none", test: images });
    await evaluateRun(path("run"), { device: "cpu", probe: "none", log: false });
    const lines = await readJsonLines(path("run/evaluations.jsonl"));
    assertEquals(lines.map(({ step, testSamples }) => [step, testSamples]), [[0, 2], [0, 6]]);
    assertEquals(lines[0]!["knnTop1"], found.knn.top1);
    assertEquals([lines[0]!["testHeldOut"], lines[0]!["probeRecipe"]], [0.4, "lightly"]);
    assertEquals(lines[1]!["overlap"], 6);
    // TensorBoard reads no more of a file once its folder holds a later one, so the run's own folder has none.
    assertEquals([...Deno.readDirSync(path("run/tensorboard"))].map(({ name }) => name), [
      "evaluations",
    ]);
    assertEquals([...Deno.readDirSync(path("run/tensorboard/evaluations"))].length, 2);
  }));

Deno.test("evaluateRun() replaces a torn line of the log, and writes while the run is being trained", () =>
  withFolder(async (path) => {
    const images = path("images");
    await drawPictures(images);
    const network = await writeNetwork(path("run/checkpoints"), images);
    await Deno.writeTextFile(path("run/evaluations.jsonl"), '{"step":3,"knnTop1":1}\n{"step":');
    using _training = await FolderLock.acquire(path("run"));
    const { log } = await evaluateRun(network, { device: "cpu", probe: "none" });
    const lines = await readJsonLines(log!);
    assertEquals(lines.map(({ step }) => step), [3, 0]);
  }));

Deno.test("evaluateRun() gives results that cannot be logged, and says why they are not", () =>
  withFolder(async (path) => {
    const images = path("images");
    await drawPictures(images);
    await writeNetwork(path("run/checkpoints"), images);
    const warnings: string[] = [];
    using _other = await FolderLock.acquire(path("run"), { name: "evaluations" });
    const { knn, log } = await evaluateRun(path("run"), {
      device: "cpu",
      probe: "none",
      report: (event) => void (event.kind === "warning" && warnings.push(event.message)),
    });
    assertEquals([knn.k, log], [4, undefined]);
    assert(
      warnings[0]!.startsWith("The results are not in the run's logs: Cannot write"),
      warnings[0],
    );
  }));

Deno.test("evaluateRun() refuses a probe that there is not before anything is opened", async () => {
  const error = await assertRejects(() => evaluateRun("nowhere", { probe: "lighty" }), TypeError);
  assert(error.message.includes('the nearest is "lightly"'), error.message);
});
