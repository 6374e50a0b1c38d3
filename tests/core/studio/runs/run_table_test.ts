import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { FolderLock } from "../../../../core/files/mod.ts";
import { RunTable } from "../../../../core/studio/runs/run_table.ts";
import { Tags } from "../../../../core/studio/runs/tags.ts";
import { inFolder } from "../../../in_folder.ts";
import { lines, pretrainingFiles, writeFiles } from "./run_folders.ts";

async function tableOf(folder: string): Promise<RunTable> {
  const root = await Deno.realPath(folder);
  return new RunTable(root, folder, new Tags(root));
}

Deno.test("runs are found below the root by what they leave, each with how it stands", () =>
  inFolder(async (root) => {
    await writeFiles(join(root, "photos/whole"), pretrainingFiles(10));
    await writeFiles(join(root, "photos/half"), pretrainingFiles(7));
    await writeFiles(join(root, "photos/failed"), {
      ...pretrainingFiles(5),
      "messages.jsonl": lines([
        { step: 0, kind: "note", message: "begins" },
        { step: 5, kind: "error", message: "the loss is NaN" },
      ]),
    });
    await writeFiles(join(root, "generator"), {
      "configuration.json": {
        data: "photos",
        autoencoder: { steps: 4, batchSize: 2 },
        unet: { steps: 6, batchSize: 2 },
      },
      "autoencoder/steps.jsonl": lines([{ step: 4, loss: 0.5, seconds: 2 }]),
      "unet/steps.jsonl": lines([{ step: 1, loss: 0.25, seconds: 4 }]),
    });
    await writeFiles(join(root, "tuned"), {
      "configuration.json": {
        from: "generator/model",
        frozen: ["autoencoder"],
        autoencoder: { steps: 4, batchSize: 2 },
        unet: { steps: 6, batchSize: 2 },
      },
      "unet/steps.jsonl": lines([{ step: 6, loss: 0.25, seconds: 4 }]),
    });
    await writeFiles(join(root, "out"), {
      "pipeline.json": {
        version: 1,
        stages: {
          features: { settings: { network: "clip" }, finished: true },
          ratios: { settings: {}, finished: false },
        },
      },
      "data/cat/configuration.json": { unrelated: true },
    });
    await writeFiles(
      join(root, "photos/whole/evaluations/linear-a-12/checkpoints/step-000000020"),
      {
        "state.json": {
          version: 1,
          method: "linear A (mae)",
          step: 20,
          epoch: 2,
          samples: 80,
          configuration: {
            classifierTraining: { identity: { epochs: 5, seed: 1 }, losses: [2, 1] },
          },
        },
      },
    );
    const table = await tableOf(root);
    const { runs, unreadable } = await table.list();
    const told = Object.fromEntries(
      runs.map((
        { run, kind, state, step, totalSteps, epoch },
      ) => [run, { kind, state, step, totalSteps, epoch }]),
    );
    assertEquals(unreadable, []);
    const pretraining = { kind: "pretraining", totalSteps: 10 };
    assertEquals(told as unknown, {
      "photos/whole": { ...pretraining, state: "finished", step: 10, epoch: 2 },
      "photos/half": { ...pretraining, state: "stopped", step: 7, epoch: 1 },
      "photos/failed": { ...pretraining, state: "failed", step: 5, epoch: 1 },
      "generator": { kind: "generator", state: "stopped", step: 5, totalSteps: 10, epoch: 0 },
      "tuned": { kind: "generator", state: "finished", step: 6, totalSteps: 6, epoch: 0 },
      "out": { kind: "pipeline", state: "stopped", step: 1, totalSteps: 7, epoch: 0 },
      "photos/whole/evaluations/linear-a-12": {
        kind: "probe",
        state: "stopped",
        step: 20,
        totalSteps: 50,
        epoch: 2,
      },
    });
    const whole = runs.find(({ run }) => run === "photos/whole")!;
    assertEquals(whole.options["options.width"], 16);
    assertEquals(whole.options["method"], "simsiam");
    assertEquals(whole.metrics["knnTop1"], 0.1 + 2 / 10);
    assertEquals(whole.metrics["imagesPerSecond"], 16);
    const generator = runs.find(({ run }) => run === "generator")!;
    assertEquals(generator.metrics["unet/loss"], 0.25);
    assertEquals(generator.metrics["autoencoder/imagesPerSecond"], 1);
  }));

Deno.test("a run is running while somebody holds its folder, whoever that is", () =>
  inFolder(async (root) => {
    await writeFiles(join(root, "run"), pretrainingFiles(7));
    const table = await tableOf(root);
    assertEquals((await table.changes()).changed.length, 1);
    const stateOf = async () => (await table.find("run")).row.state;
    {
      using _lock = await FolderLock.acquire(join(root, "run"));
      assertEquals(await stateOf(), "running");
      assertEquals((await table.changes()).changed[0]?.state, "running");
    }
    assertEquals(await stateOf(), "stopped");
    assertEquals((await table.changes()).changed[0]?.state, "stopped");
    assertEquals((await table.changes()).changed, []);
  }));

Deno.test("steps that are logged, tags and removals show as changes, each once", () =>
  inFolder(async (root) => {
    await writeFiles(join(root, "run"), pretrainingFiles(3));
    const real = await Deno.realPath(root);
    const tags = new Tags(real);
    const table = new RunTable(real, root, tags);
    assertEquals((await table.changes()).changed.map(({ step }) => step), [3]);
    assertEquals((await table.changes()).changed, []);
    await Deno.writeTextFile(join(root, "run/steps.jsonl"), lines([{ step: 4, loss: 9 }]), {
      append: true,
    });
    const { changed: [row] } = await table.changes();
    assertEquals([row?.step, row?.metrics["loss"]], [4, 9]);
    await tags.set("run", ["good", " good ", "late"]);
    assertEquals((await table.changes()).changed[0]?.tags, ["good", "late"]);
    // The studio's own words are in no run's folder.
    assert(![...Deno.readDirSync(join(root, "run"))].some(({ name }) => name.includes("tag")));
    await Deno.remove(join(root, "run"), { recursive: true });
    assertEquals((await table.changes()).gone, ["run"]);
  }));

Deno.test("hostile folders are told of, and hide no other run", {
  ignore: Deno.build.os === "windows",
}, () =>
  inFolder(async (root) => {
    await writeFiles(join(root, "good"), pretrainingFiles(3));
    await inFolder(async (outside) => {
      await writeFiles(outside, pretrainingFiles(9));
      await Deno.symlink(outside, join(root, "link-out"));
      await Deno.symlink(root, join(root, "good/loop"));
      const markup = "<img src=x onerror=alert(1)>";
      await writeFiles(join(root, markup), pretrainingFiles(2));
      await writeFiles(join(root, "damaged"), { "configuration.json": "{", "steps.jsonl": "" });
      await writeFiles(join(root, "deep"), { "configuration.json": "[".repeat(100_000) });
      await writeFiles(join(root, "other"), { "configuration.json": [1], "steps.jsonl": "" });
      await writeFiles(join(root, "pipeline"), { "pipeline.json": { stages: 3 } });
      await writeFiles(join(root, "results"), {
        ...pretrainingFiles(2),
        "results.json": "nothing",
      });
      for (const name of ["pipe", "linked", "folder"]) {
        const { "steps.jsonl": _steps, ...files } = pretrainingFiles(2);
        await writeFiles(join(root, name), files);
      }
      await new Deno.Command("mkfifo", { args: [join(root, "pipe/steps.jsonl")] }).output();
      await Deno.symlink(join(outside, "steps.jsonl"), join(root, "linked/steps.jsonl"));
      await Deno.mkdir(join(root, "folder/steps.jsonl"));
      await writeFiles(join(root, "huge"), pretrainingFiles(2));
      await Deno.truncate(join(root, "huge/steps.jsonl"), 2 ** 40);
      await Deno.mkdir(join(root, "good/.genview.lock"));
      const table = await tableOf(root);
      const { runs, unreadable } = await table.list();
      assertEquals(runs.map(({ run }) => run).sort(), [markup, "good", "huge"]);
      assertEquals(unreadable.map(({ run }) => run).sort(), [
        "damaged",
        "deep",
        "folder",
        "linked",
        "other",
        "pipe",
        "pipeline",
        "results",
      ]);
      for (const { reason } of unreadable) assertStringIncludes(reason, "Cannot read");
      const huge = await table.find("huge");
      const error = await table.logs(huge).then(() => undefined, (error) => error);
      assertStringIncludes(error.message, "must have at most");
    });
  }));
