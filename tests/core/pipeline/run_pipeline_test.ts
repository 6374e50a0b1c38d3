import { assert, assertEquals, assertRejects } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type PipelineEvent,
  type PipelineOptions,
  type PipelineOutcome,
  runPipeline,
  type StageName,
} from "../../../core/pipeline/mod.ts";
import { readResults } from "../../../core/evaluate/mod.ts";
import { findUnclip } from "../../../core/unclip/mod.ts";
import { catalogEntry, readCatalog } from "../../../core/weights/catalog.ts";
import { FakeHub, patterned, REPOSITORY } from "../weights/fake_hub.ts";
import { bundledMethods } from "../../../plugins/mod.ts";
import { smallOptions, withPipelineFixture } from "./pipeline_fixture.ts";

/** Runs the pipeline, and stops it at the first event for which `stops` holds. */
async function run(
  options: PipelineOptions,
  stops: (event: PipelineEvent) => boolean = () => false,
): Promise<{ readonly outcome: PipelineOutcome; readonly events: readonly PipelineEvent[] }> {
  const controller = new AbortController();
  const events: PipelineEvent[] = [];
  const outcome = await runPipeline(options, {
    methods: bundledMethods,
    signal: controller.signal,
    report(event) {
      events.push(event);
      if (stops(event)) controller.abort();
    },
  });
  return { outcome, events };
}

function stagesOf(events: readonly PipelineEvent[], kind: "end" | "left out"): StageName[] {
  return events.flatMap((event) => event.kind === kind ? [event.stage] : []);
}

/** Bytes of the files below a folder by their paths. */
async function filesBelow(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (!isDirectory) found.set(path, (await Deno.readFile(path)).toBase64());
    else for (const entry of await filesBelow(path)) found.set(...entry);
  }
  return new Map([...found].sort());
}

/** What stages have left before pretraining, but for figures, and for records of times and places. */
async function leftIn(output: string): Promise<Record<string, string>> {
  const folders = ["features/masks/tokens/features", "ratios", "levels", "variations"];
  const found = await Promise.all(folders.map((folder) => filesBelow(join(output, folder))));
  return Object.fromEntries(
    found.flatMap((files) => [...files])
      .map(([path, text]) => [path.slice(output.length), text] as const)
      .filter(([path]) => path !== "/ratios/fg_ratios.json"),
  );
}

Deno.test("a run that is stopped within each stage ends as one that is not", () =>
  withPipelineFixture(async (fixture) => {
    const options = smallOptions(fixture);
    const { output } = options;
    const stops: readonly (readonly [StageName, (event: PipelineEvent) => boolean])[] = [
      ["features", ({ kind }) => kind === "features"],
      ["ratios", ({ kind }) => kind === "ratios"],
      ["levels", (event) => event.kind === "end" && event.stage === "ratios"],
      [
        "variations",
        (event) =>
          event.kind === "variations" && event.event.kind === "progress" && event.event.made > 1,
      ],
      ["pretraining", (event) => event.kind === "pretraining" && event.event.kind === "step"],
    ];
    for (const [stage, stop] of stops) {
      const { outcome } = await run(options, stop);
      assertEquals(outcome, { finished: false, stopped: stage });
    }
    const { outcome, events } = await run(options);
    assertEquals(outcome, { finished: true, page: join(output, "report/index.html") });
    assertEquals(stagesOf(events, "left out"), ["features", "ratios", "levels", "variations"]);
    assertEquals(stagesOf(events, "end"), ["pretraining", "evaluation", "report"]);
    const page = await Deno.readTextFile(outcome.page!);
    for (
      const title of ["What is foreground", "Variations", "Pairs by their quality", "Evaluation"]
    ) {
      assert(page.includes(`>${title}</h2>`), title);
    }
    const results = await readResults(join(output, "run"));
    assertEquals([...new Set(results.map(({ checkpoint: { step } }) => step))], [0, 3]);

    const whole = { ...options, output: join(fixture.folder, "whole") };
    assertEquals((await run({ ...whole, until: "variations" })).outcome, { finished: true });
    assertEquals(await leftIn(output), await leftIn(whole.output));

    const again = await run(options);
    assertEquals([stagesOf(again.events, "end"), again.outcome.finished], [[], true]);
    await assertRejects(
      () => run({ ...options, numInferenceSteps: 2 }),
      TypeError,
      `Cannot go on in ${output}: its variations and what follows from them must keep their settings: ` +
        "num-inference-steps was 1, found 2",
    );
    await assertRejects(
      () => run({ ...options, only: ["features"], foregroundShare: 0.3 }),
      TypeError,
      "foreground-share was 0.4, found 0.3",
    );
    await assertRejects(
      () => run({ ...options, configuration: { ...options.configuration, learningRate: 1 } }),
      TypeError,
      "learning-rate was 0.03, found 1",
    );
  }));

Deno.test("stages that are skipped are not run, and labels are not needed", () =>
  withPipelineFixture(async (fixture) => {
    const data = join(fixture.data, "cats");
    const skip = ["features", "ratios", "levels", "variations", "report"] as const;
    const { outcome, events } = await run({ ...smallOptions(fixture), data, skip }, () => true);
    assertEquals(outcome, { finished: false, stopped: "pretraining" });
    assertEquals(
      events.map((event) => event.kind === "left out" && event.reason),
      [`the images of ${data} have no labels`],
    );
  }));

Deno.test("what cannot be run is refused, and leaves no folder", () =>
  withPipelineFixture(async (fixture) => {
    const options = smallOptions(fixture);
    const refused: readonly (readonly [Partial<PipelineOptions>, string])[] = [
      [{ only: ["levels"] }, "Cannot run the stage levels: it needs ratios"],
      [{ only: ["levels"], until: "report" }, "--only names all that are run"],
      [{ data: "emoji-google" }, "--data must be a folder of images, a list of them or shards"],
      [{ method: "simsam" }, 'the nearest is "simsiam"'],
      [{ model: join(fixture.folder, "none.safetensors") }, "there is no such file or folder"],
      [{ generator: "none", estimate: true }, "there are none of this name"],
    ];
    for (const [change, message] of refused) {
      await assertRejects(() => run({ ...options, ...change }), Error, message);
      assert(!existsSync(options.output), message);
    }
  }));

Deno.test("the time of each stage is estimated, and agreed to before anything is written", () =>
  withPipelineFixture(async (fixture) => {
    const events: PipelineEvent[] = [];
    const options = { ...smallOptions(fixture), estimate: true, numExtract: 4 };
    const outcome = await runPipeline({ ...options, until: "variations" }, {
      methods: bundledMethods,
      report: (event) => void events.push(event),
      confirm: (question) => question === "download",
    });
    assertEquals([outcome, existsSync(options.output)], [{ finished: false }, false]);
    const { stages } = events.find((event) => event.kind === "estimate")!;
    assertEquals(stages.map(({ stage, count }) => [stage, count]), [
      ...[["features", 4], ["ratios", 6], ["variations", 6]],
    ]);
    for (const { stage, secondsEach } of stages) assert(secondsEach > 0, stage);
  }));

Deno.test("published weights that are missing are named with their sizes before they are pulled", () =>
  withPipelineFixture(async ({ data, output }) => {
    await using hub = new FakeHub();
    hub.files.set("model.bin", { bytes: patterned(1000), large: true });
    const set = {
      description: "a set",
      repository: REPOSITORY,
      revision: "main",
      files: [{ component: "model", paths: ["model.safetensors", "model.bin"] }],
    };
    const weights = { "clip-vit-h-14": set, "clip-convnext-base-w": set };
    const events: PipelineEvent[] = [];
    const outcome = await runPipeline({ data, output, published: true, until: "features" }, {
      methods: bundledMethods,
      hub: { catalog: { endpoint: hub.endpoint, weights } },
      report: (event) => void events.push(event),
      confirm: () => false,
    });
    assertEquals([outcome, existsSync(output)], [{ finished: false }, false]);
    assertEquals(events, [{
      kind: "downloads",
      downloads: Object.keys(weights).map((name) => ({ name, files: 1, bytes: 1000 })),
    }]);
    assertEquals(hub.ranges(), []);
  }));

/** A hub that has a generator as the catalogue has Stable unCLIP, in the variant that the pipeline pulls. */
async function generatorHub(generator: string): Promise<FakeHub> {
  const hub = new FakeHub(catalogEntry(await readCatalog(), "stable-unclip-2-1").repository);
  for (const path of (await filesBelow(generator)).keys()) {
    const name = path.slice(generator.length + 1).replace(/(?=\.safetensors$)/, ".fp16");
    hub.files.set(name, { bytes: await Deno.readFile(path), large: name.endsWith(".safetensors") });
  }
  return hub;
}

Deno.test("published weights that are agreed to are pulled, and kept where the run, whose time is known then, is not", () =>
  withPipelineFixture(async (fixture) => {
    const { folder, data, output, model, generator } = fixture;
    await using hub = await generatorHub(generator);
    const cache = join(folder, "hub");
    const before = Deno.env.get("HF_HUB_CACHE");
    Deno.env.set("HF_HUB_CACHE", cache);
    try {
      const told: string[] = [];
      let seconds = 0;
      const outcome = await runPipeline({
        ...{ data, output, published: true, until: "variations", device: "cpu", threads: 1 },
        // CLIP's networks have one size each: that of the fixture stands in for both.
        ...{ model, configuration: { qualityEncoder: model } },
      }, {
        methods: bundledMethods,
        hub: { endpoint: hub.endpoint },
        report(event) {
          if (event.kind !== "download" && event.kind !== "measuring") told.push(event.kind);
          if (event.kind === "estimate") seconds = event.stages.at(-1)!.secondsEach;
        },
        confirm(question) {
          told.push(`${question}?`);
          if (question === "download") assertEquals(hub.ranges(), []);
          return question === "download";
        },
      });
      assertEquals(told, ["downloads", "download?", "estimate", "run?"]);
      assert(seconds > 0, `a variation takes ${seconds} s`);
      assertEquals([outcome, existsSync(output)], [{ finished: false }, false]);
      const pulled = await findUnclip("stable-unclip-2-1");
      assert(pulled.folder.startsWith(`${cache}/`), pulled.folder);
      assertEquals((await filesBelow(pulled.folder)).size, hub.files.size);
    } finally {
      if (before === undefined) Deno.env.delete("HF_HUB_CACHE");
      else Deno.env.set("HF_HUB_CACHE", before);
    }
  }));

Deno.test("a part of the images gets variations, and more of them add to what is there", () =>
  withPipelineFixture(async (fixture) => {
    const options = { ...smallOptions(fixture), only: [], until: "variations" } as const;
    const variationsOf = async (variedImages: number) => {
      const { events } = await run({ ...options, variedImages });
      const made = events.flatMap((event) =>
        event.kind === "variations" && event.event.kind === "start"
          ? [[event.event.total, event.event.existing]]
          : []
      );
      const manifest = await Deno.readTextFile(join(options.output, "variations/manifest.jsonl"));
      return { made, sources: manifest.trim().split("\n").map((line) => JSON.parse(line).source) };
    };
    const two = await variationsOf(2);
    assertEquals([two.made, two.sources.length], [[[2, 0]], 2]);
    assertEquals((await variationsOf(2)).made, []);
    const listed = await Deno.readTextFile(join(options.output, "variations/varied-2.txt"));
    assertEquals(listed.trim().split("\n").sort(), two.sources.sort());

    const four = await variationsOf(4);
    assertEquals([four.made, four.sources.length], [[[4, 2]], 4]);
    assert(two.sources.every((source) => four.sources.includes(source)));
    const all = await variationsOf(0);
    assertEquals([all.made, all.sources.length], [[[6, 4]], 6]);

    // What training takes is as many as are asked for, whatever there is.
    const trained = await run({ ...options, until: "pretraining", variedImages: 2 });
    const started = trained.events.find((event) =>
      event.kind === "pretraining" && event.event.kind === "start"
    );
    assert(started?.kind === "pretraining" && started.event.kind === "start");
    assertEquals(started.event.coverage?.matched, 2);
    await assertRejects(
      () => run({ ...options, until: "pretraining", variedImages: 4 }),
      TypeError,
      "varied-images was 2, found 4",
    );
  }));

Deno.test("a small generator's sampling is recorded where it was left out, and goes on by the same values", () =>
  withPipelineFixture(async (fixture) => {
    const { numInferenceSteps: _steps, scale: _scale, scheduler: _scheduler, ...options } =
      smallOptions(fixture);
    const part = { ...options, variedImages: 1, until: "variations" } as const;
    assertEquals((await run(part)).outcome, { finished: true });
    const record = JSON.parse(await Deno.readTextFile(join(options.output, "pipeline.json")));
    const { numInferenceSteps, scale, scheduler } = record.stages.variations.settings;
    assertEquals([scheduler, numInferenceSteps, scale], ["dpm-solver++", 12, 3]);
    const again = await run({ ...part, numInferenceSteps, scale, scheduler });
    assertEquals([again.outcome.finished, stagesOf(again.events, "end")], [true, []]);
  }));
