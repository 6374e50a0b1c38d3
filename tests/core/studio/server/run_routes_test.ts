import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import type { RunDetails, RunList, SeriesAnswer } from "../../../../core/studio/mod.ts";
import { inFolder } from "../../../in_folder.ts";
import { pretrainingFiles, writeFiles } from "../runs/run_folders.ts";
import { ask, openStudio } from "./open_studio.ts";

Deno.test("a run is shown with its curves, bands and what its numbers mean", () =>
  inFolder(async (root) => {
    await writeFiles(join(root, "photos/a b&c"), {
      ...pretrainingFiles(10),
      "start.json": {
        version: 1,
        at: "2026-01-01T00:00:00Z",
        ...{ resumedAt: 0, stepsPerEpoch: 5, totalSteps: 10, parameters: 3, uniformSpread: 0.25 },
        lossRange: { random: [2, 3], healthy: [0.5, 1], collapsed: 4, note: "It falls." },
        title: "SimSiam",
        precision: "float32",
        environment: { Deno: "2" },
      },
      "pairs/epoch-1.png": "",
      "checkpoints/step-000000005/state.json": {},
    });
    const studio = await openStudio(root);
    async function get<Answer>(path: string): Promise<Answer> {
      const answer = await ask(studio, path);
      assertEquals(answer.status, 200);
      return await answer.json();
    }
    const { runs: [row] } = await get<RunList>("/api/runs");
    assertEquals(row!.run, "photos/a b&c");
    const run = encodeURIComponent(row!.run);
    const details = await get<RunDetails>(`/api/run?run=${run}`);
    assertEquals(details.bands, [
      { metric: "loss", random: [2, 3], healthy: [0.5, 1], collapsed: 4 },
      { metric: "spread", healthy: [0.125, 0.25], collapsed: 0 },
    ]);
    assertEquals(details.pictures, ["pairs/epoch-1.png"]);
    assertEquals(details.environment, { Deno: "2" });
    assertEquals(details.stepsPerEpoch, 5);
    assertEquals(
      details.checkpoints.map(({ name, step, epoch, bytes }) => ({ name, step, epoch, bytes })),
      [
        { name: "step-000000005", step: 5, epoch: 1, bytes: 2 },
      ],
    );
    const explained = Object.fromEntries(details.explanations.map((each) => [each.name, each]));
    assertStringIncludes(explained["loss"]!.healthy, "2 to 3");
    assertEquals(explained["loss"]!.verdict, "watch");
    assertEquals(explained["spread"]!.verdict, "watch");
    assertEquals(explained["knnTop1"]!.verdict, "good");
    assertEquals(explained["waitShare"]!.verdict, "watch");
    const all = await get<SeriesAnswer>(`/api/series?run=${run}`);
    assert(all.exact);
    assertEquals(all.steps.map(({ name }) => name).includes("imagesPerSecond"), true);
    const part = await get<SeriesAnswer>(`/api/series?run=${run}&names=loss,knnTop1&from=4&to=6`);
    assertEquals(part.steps.map(({ name, steps }) => [name, steps]), [["loss", [4, 5, 6]]]);
    const epochs = Object.fromEntries(part.epochs.map(({ name, steps }) => [name, steps]));
    assertEquals(epochs, { knnTop1: [5], loss: [5] });
    const few = await get<SeriesAnswer>(`/api/series?run=${run}&names=loss&points=2`);
    assertEquals([few.exact, few.steps[0]!.values.length], [false, 2]);
  }));

Deno.test("what cannot be answered is told in one line with a status", () =>
  inFolder(async (root) => {
    await writeFiles(join(root, "run"), pretrainingFiles(2));
    const studio = await openStudio(root);
    const expected: Readonly<Record<string, number>> = {
      "/api/run": 400,
      "/api/run?run=none": 404,
      "/api/run?run=../run": 404,
      "/api/series?run=run&points=0": 400,
      "/api/series?run=run&from=x": 400,
      "/api/series?run=run&from=-1": 400,
      "/api/series?run=run&to=1e400": 400,
      "/api/events?run=none": 404,
      "/api/file?run=run": 400,
      "/api/file?run=none&path=steps.jsonl": 404,
      "/api/nothing": 404,
    };
    for (const [path, status] of Object.entries(expected)) {
      const answer = await ask(studio, path);
      assertEquals(answer.status, status, path);
      const { error } = await answer.json();
      assert(
        typeof error === "string" && error.startsWith("Cannot") && !error.includes("\n"),
        error,
      );
    }
  }));

Deno.test("a run's files are given out by known kinds, pages and drawings in a sandbox", {
  ignore: Deno.build.os === "windows",
}, () =>
  inFolder(async (root) => {
    const page = "<script>fetch('/api/runs')</script>";
    await writeFiles(join(root, "run"), {
      ...pretrainingFiles(2),
      "report/index.html": page,
      "figure.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
      "pairs/epoch-1.png": "png",
      "secret.key": "key",
      ".env": "key",
      "backbone.onnx": "model",
    });
    await writeFiles(root, { "beside.json": "{}", "outside.txt": "outside" });
    await Deno.symlink("/etc/hostname", join(root, "run/link.txt"));
    await Deno.symlink(join(root, "outside.txt"), join(root, "run/up.txt"));
    await new Deno.Command("mkfifo", { args: [join(root, "run/pipe.txt")] }).output();
    const studio = await openStudio(root);
    const get = (path: string) => ask(studio, `/api/file?run=run&path=${encodeURIComponent(path)}`);
    for (
      const [path, type] of [
        ["report/index.html", "text/html; charset=utf-8"],
        ["figure.svg", "image/svg+xml"],
        ["pairs/epoch-1.png", "image/png"],
        ["steps.jsonl", "application/jsonl; charset=utf-8"],
      ] as const
    ) {
      const answer = await get(path);
      assertEquals(answer.status, 200, path);
      assertEquals(answer.headers.get("content-type"), type);
      assertEquals(await answer.text(), await Deno.readTextFile(join(root, "run", path)));
      const policy = answer.headers.get("content-security-policy")!;
      assert(policy.startsWith("sandbox;") && !policy.includes("script"), policy);
      assertEquals(answer.headers.get("x-content-type-options"), "nosniff");
    }
    for (
      const path of [
        "secret.key",
        ".env",
        "backbone.onnx",
        "pipe.txt",
        "link.txt",
        "../beside.json",
      ]
    ) {
      const answer = await get(path);
      await answer.body?.cancel();
      assertEquals(answer.status, 400, path);
    }
    // A link within the root leads to what the root holds.
    const up = await get("up.txt");
    await up.body?.cancel();
    assertEquals(up.status, 200);
  }));
