import { assertEquals, assertRejects } from "@std/assert";
import { openTarIndex } from "../../core/data/mod.ts";
import { main } from "../../tasks/variations_import.ts";
import { withFolder } from "../core/backbones/clip_golden.ts";
import { filesBelow, IMAGES, sortedFiles, split, tarOf } from "../core/data/tar/made_tar.ts";

Deno.test("variations-import extracts a folder of parts, and again without harm", () =>
  withFolder(async (path) => {
    await Deno.mkdir(path("parts"));
    await split(await tarOf(IMAGES), path("parts/train_variations.tar."), 777);
    const args = ["--parts", path("parts"), "--output-dir", path("out")];
    await main(args);
    assertEquals(await filesBelow(path("out")), sortedFiles());
    await main(args);
    assertEquals(await filesBelow(path("out")), sortedFiles());
    await Deno.truncate(path("out/train/labels.txt"), 1);
    await assertRejects(() => main(args), Deno.errors.AlreadyExists, "--overwrite");
    await main([...args, "--overwrite"]);
    assertEquals(await filesBelow(path("out")), sortedFiles());
  }));

Deno.test("variations-import indexes parts that stand behind the options or match a pattern", () =>
  withFolder(async (path) => {
    const parts = await split(await tarOf(IMAGES), path("train_variations.tar."), 5000);
    await main(["--index", path("a.jsonl"), ...parts]);
    await main(["--index", path("b.jsonl"), "--parts", path("train_variations.tar.*")]);
    const texts = await Promise.all(
      ["a", "b"].map((name) => Deno.readTextFile(path(`${name}.jsonl`))),
    );
    assertEquals(texts[0], texts[1]);
    assertEquals((await openTarIndex(path("a.jsonl"))).paths.length, 5);
    await assertRejects(
      () => main(["--index", path("a.jsonl"), ...parts]),
      Deno.errors.AlreadyExists,
      "--overwrite",
    );
  }));

Deno.test("variations-import asks for one output and for parts, none of them missing", () =>
  withFolder(async (path) => {
    const parts = await split(await tarOf(IMAGES), path("x.tar."), 5000);
    await assertRejects(() => main(parts), TypeError, "found neither");
    const both = ["--output-dir", path("out"), "--index", path("x.jsonl")];
    await assertRejects(() => main([...both, ...parts]), TypeError, "found both");
    await assertRejects(() => main(["--output-dir", path("out")]), TypeError, "found none");
    await assertRejects(
      () => main(["--output-dir", path("out"), parts[0]!, parts[2]!]),
      Deno.errors.NotFound,
      "but no x.tar.ab",
    );
    await assertRejects(() => Deno.lstat(path("out")), Deno.errors.NotFound);
    const empty = path("empty.tar");
    await Deno.writeFile(empty, new Uint8Array(1024));
    await assertRejects(() => main(["--output-dir", path("out"), empty]), TypeError, "found none");
    await assertRejects(() => Deno.lstat(path("out")), Deno.errors.NotFound);
  }));

Deno.test("variations-import ends in an error where a name does not fit, and writes all others", () =>
  withFolder(async (path) => {
    const header = { name: "n.png", pax: { path: `train/${"n".repeat(252)}.png` } };
    await Deno.writeFile(
      path("x.tar"),
      await tarOf([...IMAGES, { header, bytes: new Uint8Array() }]),
    );
    const args = ["--parts", path("x.tar"), "--output-dir", path("out")];
    await assertRejects(
      () => main(args),
      Error,
      "6 files written, 0 were there already, 1 skipped",
    );
    assertEquals(await filesBelow(path("out")), sortedFiles());
  }));
