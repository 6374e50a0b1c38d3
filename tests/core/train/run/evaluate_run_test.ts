import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FolderLock } from "../../../../core/files/folder_lock.ts";
import { readResults } from "../../../../core/evaluate/results.ts";
import type { EvaluateEvent } from "../../../../core/train/run/evaluate_network.ts";
import { evaluateRun } from "../../../../core/train/run/evaluate_run.ts";
import { drawPictures } from "../../../tasks/square_pictures.ts";
import { withFolder } from "../../backbones/clip_golden.ts";
import { writeNetwork } from "./untrained_network.ts";

Deno.test("evaluateRun() holds out a part of each class, reports progress, and keeps results in the run", () =>
  withFolder(async (path) => {
    const images = path("images");
    await drawPictures(images);
    await writeNetwork(path("run/checkpoints"), images);
    const events: EvaluateEvent[] = [];
    const { results, log } = await evaluateRun(path("run"), {
      device: "cpu",
      heldOutShare: 0.4,
      report: (event) => void events.push(event),
    });
    assertEquals(results.map(({ name }) => name), ["kNN k=4 T=0.07", "probe lightly (cached)"]);
    const [knn, probe] = results;
    assertEquals([knn!.train.samples, knn!.test.samples, knn!.overlap], [4, 2, 0]);
    assertEquals([knn!.test.heldOut, knn!.encoder, knn!.imageSize], [0.4, "online", 32]);
    assertEquals(probe!.split, "separate");
    assertEquals(knn!.chance, { classes: 2, balanced: 0.5, balancedTop5: 1, majority: 0.5 });
    const features = events.filter((event) => event.kind === "features");
    assertEquals(features.map(({ done, total }) => [done, total]), [[4, 4], [2, 2]]);
    const epochs = events.filter((event) => event.kind === "probe");
    assertEquals([epochs.length, epochs.at(-1)!.done, epochs.at(-1)!.total], [90, 90, 90]);
    assertEquals(
      events.flatMap((event) => event.kind === "result" ? [event.result] : []),
      [...results],
    );
    assertEquals(log, path("run/results.json"));
    assertEquals(await readResults(path("run")), results);

    await evaluateRun(path("run"), { device: "cpu", protocols: ["knn"], test: images });
    await evaluateRun(path("run"), { device: "cpu", protocols: ["knn"], log: false });
    // A result takes the place of one of the same protocol, data, seed and checkpoint.
    await evaluateRun(path("run"), { device: "cpu", protocols: ["knn"], heldOutShare: 0.4 });
    const kept = await readResults(path("run"));
    assertEquals(kept.map(({ name, overlap }) => [name, overlap]), [
      ["kNN k=4 T=0.07", 0],
      ["probe lightly (cached)", 0],
      ["kNN k=5 T=0.07", 6],
    ]);
    // TensorBoard reads no more of a file once its folder holds a later one, so the run's own folder has none.
    assertEquals([...Deno.readDirSync(path("run/tensorboard"))].map(({ name }) => name), [
      "evaluations",
    ]);
    assertEquals([...Deno.readDirSync(path("run/tensorboard/evaluations"))].length, 4);
  }));

Deno.test("evaluateRun() sweeps neighbours, by cosines or distances, on features that are taken once", () =>
  withFolder(async (path) => {
    const images = path("images");
    await drawPictures(images);
    const network = await writeNetwork(path("run/checkpoints"), images);
    const events: EvaluateEvent[] = [];
    const options = { device: "cpu", protocols: ["knn"], test: images, k: [1, 5], log: false };
    const { results, log } = await evaluateRun(network, {
      ...options,
      temperature: [0.07, 0.1],
      report: (event) => void events.push(event),
    });
    assertEquals(results.map(({ name }) => name), [
      "kNN k=1 T=0.07",
      "kNN k=1 T=0.1",
      "kNN k=5 T=0.07",
      "kNN k=5 T=0.1",
    ]);
    assertEquals(log, undefined);
    assertEquals(events.filter((event) => event.kind === "features").length, 1);
    const far = await evaluateRun(network, { ...options, distance: "euclidean" });
    assertEquals(far.results.map(({ name }) => name), ["kNN k=1 Euclidean", "kNN k=5 Euclidean"]);
    await assertRejects(
      () => evaluateRun(network, { ...options, k: [1, 6] }),
      RangeError,
      "k must be an integer in [1, 5], found 6",
    );
  }));

Deno.test("evaluateRun() trains probes and whole networks, and goes on with them where they are asked for again", () =>
  withFolder(async (path) => {
    const images = path("images");
    await drawPictures(images);
    await writeNetwork(path("run/checkpoints"), images);
    await drawPictures(path("others"));
    await Deno.writeTextFile(path("few.txt"), "cats/0.png\nbig dogs/0.png\n");
    const options = {
      device: "cpu",
      heldOutShare: 0.4,
      epochs: 2,
      protocols: ["linear:A", "semi:50", "finetune:swav"],
    };
    const names = [
      "linear A (lars), 2 epochs",
      "50 % of labels (swav), 2 epochs",
      "fine-tuning (swav), 2 epochs",
    ];
    const stop = async (name: string) => {
      const trained: [string, number][] = [];
      await assertRejects(() =>
        evaluateRun(path("run"), {
          ...options,
          report: (event) => {
            if (event.kind !== "training") return;
            trained.push([event.name, event.epoch]);
            if (event.name === name && event.epoch === 1) throw new Error("stopped");
          },
        })
      );
      return trained;
    };
    // Each is stopped in its second epoch, and goes on with that the next time; what has ended is only tested.
    const [linear, semi, whole] = names as [string, string, string];
    assertEquals(await stop(linear), [[linear, 0], [linear, 1]]);
    assertEquals(await stop(semi), [[linear, 1], [semi, 0], [semi, 1]]);
    assertEquals(await stop(whole), [[semi, 1], [whole, 0], [whole, 1]]);
    const { results } = await evaluateRun(path("run"), options);
    assertEquals(results.map(({ name }) => name), names);
    assertEquals(results.map(({ train }) => train.samples), [4, 2, 4]);
    assertEquals(results[1]!.train.share, 0.5);
    assert(results[0]!.recipe.includes("LARS 0.001563 (1.6 by batch 4096)"), results[0]!.recipe);
    assert(results[1]!.recipe.includes("50 % of the labels of each class"), results[1]!.recipe);
    const listed = await evaluateRun(path("run"), {
      ...options,
      test: path("others"),
      protocols: ["semi:1"],
      labelled: path("few.txt"),
    });
    assertEquals(listed.results[0]!.name, "1 % of labels by list (swav), 2 epochs");
    assert(listed.results[0]!.recipe.includes(`the images in ${path("few.txt")}`));
    // A list that was edited is another training.
    await Deno.writeTextFile(path("few.txt"), "cats/1.png\nbig dogs/1.png\n");
    const epochs: number[] = [];
    await evaluateRun(path("run"), {
      ...options,
      test: path("others"),
      protocols: ["semi:1"],
      labelled: path("few.txt"),
      report: (event) => void (event.kind === "training" && epochs.push(event.epoch)),
    });
    assertEquals(epochs, [0, 1]);
    assertEquals((await readResults(path("run"))).length, 4);
    const { results: [inParts] } = await evaluateRun(path("run"), {
      ...options,
      protocols: ["finetune:swav"],
      deviceBatchSize: 2,
    });
    assertEquals(inParts!.name, "fine-tuning (swav), 2 epochs, in parts of 2");
    assertStringIncludes(
      inParts!.recipe,
      "batch 4 in parts of 2, within each of which batch norm normalises",
    );
  }));

Deno.test("evaluateRun() refuses options that no protocol takes, and wrong lists, before it computes anything", () =>
  withFolder(async (path) => {
    const images = path("images");
    await drawPictures(images);
    await writeNetwork(path("run/checkpoints"), images);
    await Deno.writeTextFile(path("few.txt"), "cats/0.png\ncats/7.png\n");
    await Deno.writeTextFile(path("classes.txt"), "cats\nunicorns\n");
    const labelled = path("few.txt");
    for (
      const [options, message] of [
        [{ labelled }, "--labelled is for the protocol semi, found knn, probe alone"],
        [{ epochs: 3 }, "--epochs is for the protocol linear, semi, finetune"],
        [
          { protocols: ["linear:A"], deviceBatchSize: 2 },
          "--device-batch-size is for the protocol semi, finetune, found linear alone",
        ],
        [{ protocols: ["semi:50"], k: [3] }, "--k is for the protocol knn, found semi alone"],
        [{ protocols: ["knn", "semi:50"], labelled, test: images }, 'found "cats/7.png" (line 2)'],
        [{ classes: path("classes.txt") }, '"unicorns" (line 2)'],
      ] as const
    ) {
      await assertRejects(
        () => evaluateRun(path("run"), { device: "cpu", ...options }),
        TypeError,
        message,
      );
    }
    assertEquals((await Array.fromAsync(Deno.readDir(path("run")))).map(({ name }) => name), [
      "checkpoints",
    ]);
  }));

Deno.test("evaluateRun() opens ImageNet's folders, its flat validation images with their list, and lists of classes", () =>
  withFolder(async (path) => {
    const synsets = ["n01440764", "n01443537", "n01484850"];
    await drawPictures(path("drawn"));
    await Deno.mkdir(path("val"));
    const lines: string[] = [];
    for (const [label, synset] of synsets.entries()) {
      await Deno.mkdir(path(`train/${synset}`), { recursive: true });
      for (let i = 0; i < 3; i++) {
        const drawn = path(`drawn/${label === 1 ? "big dogs" : "cats"}/${i}.png`);
        await Deno.copyFile(drawn, path(`train/${synset}/${synset}_${i}.png`));
        const image = `ILSVRC2012_val_${label}${i}.png`;
        await Deno.copyFile(drawn, path(`val/${image}`));
        lines.push(`${image} ${label}`);
      }
    }
    await Deno.writeTextFile(path("val.txt"), lines.join("\n"));
    await writeNetwork(path("run/checkpoints"), path("train"));
    const options = {
      device: "cpu",
      test: path("val"),
      protocols: ["knn", "linear:D"],
      epochs: 1,
      k: [1],
    };
    const { results } = await evaluateRun(path("run"), options);
    assertEquals(results.map(({ train, test }) => [train.samples, test.samples]), [[9, 9], [9, 9]]);
    assertEquals(results.map(({ chance }) => "classes" in chance && chance.classes), [3, 3]);
    // Test images are copies of training images, of which those of two classes are the same.
    assert(results[0]!.figures["top1"]! >= 2 / 3, `${results[0]!.figures["top1"]}`);
    await Deno.writeTextFile(path("two.txt"), "n01440764 tench, Tinca tinca\nn01443537\n");
    await Deno.writeTextFile(path("val.txt"), lines.slice(0, 6).join("\n"));
    const chosen = await evaluateRun(path("run"), { ...options, classes: path("two.txt") });
    assertEquals(chosen.results.map(({ train, test }) => [train.samples, test.samples]), [
      [6, 6],
      [6, 6],
    ]);
    assertEquals(chosen.results[0]!.figures["top1"], 1);
    assertEquals(chosen.results[0]!.classes, path("two.txt"));
    assertEquals((await readResults(path("run"))).length, 4);
  }));

Deno.test("evaluateRun() writes while the run is being trained", () =>
  withFolder(async (path) => {
    const images = path("images");
    await drawPictures(images);
    const network = await writeNetwork(path("run/checkpoints"), images);
    using _training = await FolderLock.acquire(path("run"));
    const { log } = await evaluateRun(network, { device: "cpu", protocols: ["knn"] });
    assertEquals((await readResults(path("run"))).length, 1);
    assertEquals(log, path("run/results.json"));
  }));

Deno.test("evaluateRun() gives results that cannot be logged, and says why they are not", () =>
  withFolder(async (path) => {
    const images = path("images");
    await drawPictures(images);
    await writeNetwork(path("run/checkpoints"), images);
    const warnings: string[] = [];
    await Deno.mkdir(path("run/.genview-evaluations.lock"));
    const { results, log } = await evaluateRun(path("run"), {
      device: "cpu",
      protocols: ["knn"],
      report: (event) => void (event.kind === "warning" && warnings.push(event.message)),
    });
    assertEquals([results[0]!.name, log], ["kNN k=4 T=0.07", undefined]);
    assert(
      warnings[0]!.startsWith("The results are not in the run's logs: Cannot lock"),
      warnings[0],
    );
  }));

Deno.test("evaluateRun() evaluates the momentum encoder by its own parameters and statistics, where there is one", () =>
  withFolder(async (path) => {
    const images = path("images");
    await drawPictures(images);
    // A network that has statistics.
    const network = { backbone: "resnet18" };
    await writeNetwork(path("run/checkpoints"), images, network);
    const options = { device: "cpu", protocols: ["linear:F"], epochs: 1, log: false };
    const error = await assertRejects(
      () => evaluateRun(path("run"), { ...options, encoder: "momentum" }),
      TypeError,
    );
    assert(error.message.includes('found none for "none"; leave --encoder out'), error.message);
    await writeNetwork(path("both/checkpoints"), images, { ...network, momentum: 0 });
    await writeNetwork(path("far/checkpoints"), images, { ...network, momentum: 0.5 });
    const of = async (run: string, encoder: "online" | "momentum") => {
      let loss: number | undefined;
      const { results } = await evaluateRun(path(run), {
        ...options,
        encoder,
        report: (event) => void (event.kind === "training" && (loss = event.loss)),
      });
      assertEquals(results[0]!.encoder, encoder);
      return loss;
    };
    const online = await of("run", "online");
    assertEquals([await of("both", "momentum"), await of("far", "online")], [online, online]);
    assert(await of("far", "momentum") !== online);
  }));

Deno.test("evaluateRun() refuses what there is not before anything is opened", async () => {
  for (
    const [protocol, message] of [
      ["probe:lighty", 'the nearest is "lightly"'],
      ["fine-tune", 'the nearest is "finetune"'],
      ["semi", "the percentage of labels must be above 0 and below 100"],
      ["semi:10:swa", 'the nearest is "swav"'],
      ["knn:20", 'it must be written as knn, found 1 parts behind "knn"'],
    ] as const
  ) {
    const error = await assertRejects(() => evaluateRun("nowhere", { protocols: [protocol] }));
    assert((error as Error).message.includes(message), (error as Error).message);
  }
});

Deno.test("evaluateRun() reads the run's results before it computes any", () =>
  withFolder(async (path) => {
    const images = path("images");
    await drawPictures(images);
    await writeNetwork(path("run/checkpoints"), images);
    await Deno.writeTextFile(path("run/results.json"), '{"version":1,');
    await assertRejects(
      () =>
        evaluateRun(path("run"), {
          device: "cpu",
          report: ({ kind }) => assert(kind !== "result"),
        }),
      SyntaxError,
      "results.json: it must be JSON",
    );
  }));
