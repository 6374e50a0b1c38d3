import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { lockShard, lockShare } from "../../../core/variations/lock_share.ts";
import { makeVariations } from "../../../core/variations/make_variations.ts";
import type { VariationEvent } from "../../../core/variations/progress.ts";
import { linesOf, type Path, withModel } from "./variation_fixture.ts";

function optionsOf(path: Path) {
  return {
    ...{ inputList: path("list.txt"), inputPrefix: path("images"), outputPrefix: path("out") },
    ...{ model: path("model"), numInferenceSteps: 2, size: 0, device: "cpu", threads: 1 },
  };
}

Deno.test("makeVariations() reports what is made, what cannot be read and what cannot be named", () =>
  withModel(async (path) => {
    // Without a suffix, the variation of 253 bytes would be a PNG file of 257.
    const long = [200, 214, 251, 253].map((bytes) => "é".repeat(60).padEnd(bytes - 60, "x"));
    for (const name of long) {
      assertEquals(new TextEncoder().encode(name).length >= 200, true);
      await Deno.copyFile(path("images/cats/0.png"), path(`images/${name}`));
    }
    await Deno.writeTextFile(path("images/broken.png"), "not an image");
    const list = [...long, "broken.png"];
    await Deno.writeTextFile(path("list.txt"), list.map((name) => `${name} 0\n`).join(""));
    const events: VariationEvent[] = [];
    const outcome = await makeVariations(optionsOf(path), {
      report: (event) => void events.push(event),
    });
    assertEquals(outcome, {
      ...{ total: 5, existing: 0, made: 3, unreadable: 1, failed: 1, stopped: false },
    });
    assertEquals(events[0], { kind: "start", total: 5, existing: 0 });
    const failures = events.filter((event) => event.kind === "failure");
    assertEquals(failures.map(({ stage, variations }) => [stage, variations]), [
      ["name", 1],
      ["reading", 1],
    ]);
    assertEquals(failures[1]!.source, "broken.png");
    assertEquals(failures[0]!.message.includes("longer than the file system allows"), true);
    assertEquals(events.at(-1), { kind: "progress", made: 3, unreadable: 1, failed: 1 });
    assertEquals((await linesOf(path("out"))).length, 3);
    // The same again: nothing is made anew, and what cannot be named is said again.
    const again = await makeVariations(optionsOf(path));
    assertEquals([again.existing, again.made, again.failed], [3, 0, 1]);
  }));

Deno.test("makeVariations() is refused at once where another process is at work, before anything changes", () =>
  withModel(async (path) => {
    await Deno.writeTextFile(path("list.txt"), "cats/0.png 0\ncats/1.png 0\n");
    const options = optionsOf(path);
    const busy = [Deno.errors.AlreadyExists, "is at work there"] as const;
    const shards = [0, 1].map((index) => ({ index, count: 2 }));
    {
      using _whole = await lockShare(path("out"), { index: 0, count: 1 });
      await assertRejects(() => makeVariations({ ...options, overwrite: true }), ...busy);
      await assertRejects(() => makeVariations({ ...options, shard: shards[0]! }), ...busy);
    }
    {
      using _first = await lockShare(path("out"), shards[0]!);
      await assertRejects(() => makeVariations(options), ...busy);
      await assertRejects(() => makeVariations({ ...options, shard: shards[0]! }), ...busy);
      const second = await makeVariations({ ...options, shard: shards[1]! });
      assertEquals([second.total, second.made], [1, 1]);
    }
    {
      // A worker whose parent was killed.
      using _orphan = await lockShard(path("out"), shards[1]!);
      await assertRejects(() => makeVariations(options), ...busy);
    }
    // A file that a killed process was writing.
    await Deno.create(path("out/cats/.genview-0123abcd.tmp"));
    const rest = await makeVariations(options);
    assertEquals([rest.existing, rest.made], [1, 1]);
    const left = await Promise.all(
      ["out", "out/cats"].map((folder) => Array.fromAsync(Deno.readDir(path(folder)))),
    );
    assertEquals(left.flat().filter(({ name }) => /lock|tmp/.test(name)), []);
  }));

Deno.test("makeVariations() names all options that are out of range", async () => {
  const error = await assertRejects(
    () =>
      makeVariations({
        ...{ inputList: "none.txt", outputPrefix: "none", scale: NaN, workers: -1 },
        ...{ noiseLevel: 1000, prompt: undefined, size: undefined },
      }),
    TypeError,
    "Cannot make variations: options.noiseLevel must be <= 999, found 1000",
  );
  for (const name of ["options.scale", "options.workers"]) {
    assertStringIncludes(error.message, name);
  }
});

Deno.test("makeVariations() that failed before the first variation leaves its folder to other settings", () =>
  withModel(async (path) => {
    await Deno.writeTextFile(path("list.txt"), "cats/0.png 0\n");
    const options = {
      inputList: path("list.txt"),
      inputPrefix: path("images"),
      outputPrefix: path("out"),
      model: path("model"),
      numInferenceSteps: 2,
      device: "cpu",
      threads: 1,
    };
    const file = path("model/vae/diffusion_pytorch_model.safetensors");
    await Deno.rename(file, path("vae"));
    await Deno.writeTextFile(file, "version https://git-lfs.github.com/spec/v1\n");
    await assertRejects(() => makeVariations(options), SyntaxError, "Git LFS pointer");
    await Deno.rename(path("vae"), file);
    // Whole weights are others, and so are the steps.
    const { made } = await makeVariations({ ...options, numInferenceSteps: 3, resume: false });
    assertEquals(made, 1);
    await assertRejects(() => makeVariations(options), TypeError, "steps 3 there and 2 asked for");
    // Another shard may be at work there, and have made nothing yet.
    const half = { ...options, outputPrefix: path("half"), shard: { index: 0, count: 2 } };
    await Deno.mkdir(path("half"));
    await Deno.copyFile(path("out/variations.json"), path("half/variations.json"));
    await assertRejects(() => makeVariations(half), TypeError, "steps 3 there and 2 asked for");
  }));
