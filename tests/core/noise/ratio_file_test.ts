import { assertEquals, assertRejects } from "@std/assert";
import { RatioFile } from "../../../core/noise/mod.ts";
import { withFolder } from "../backbones/clip_golden.ts";

Deno.test("RatioFile refuses a file that no record goes with, and lines that are none", () =>
  withFolder(async (path) => {
    const record = { source: "x", images: "i", component: "y", threshold: 1, maskType: "gt" };
    await Deno.writeTextFile(path("fg_ratios.txt"), "a.jpg 0.5\n");
    await assertRejects(
      () => RatioFile.open(path("."), record),
      TypeError,
      "found no fg_ratios.json that says so",
    );
    {
      using file = await RatioFile.open(path("new"), record);
      await file.append([{ path: "a b.jpg", ratio: 0.25 }, { path: "c.jpg", ratio: 1 }]);
    }
    assertEquals(await Deno.readTextFile(path("new/fg_ratios.txt")), "a b.jpg 0.25\nc.jpg 1.0\n");
    {
      using file = await RatioFile.open(path("new"), record);
      assertEquals([...file.done], ["a b.jpg", "c.jpg"]);
    }
    await Deno.writeTextFile(path("new/fg_ratios.txt"), "a.jpg 0.5\nb.jpg\n");
    await assertRejects(() => RatioFile.open(path("new"), record), SyntaxError, "line 2");
  }));

Deno.test("RatioFile takes a folder over in which nothing was computed yet", () =>
  withFolder(async (path) => {
    const record = { source: "x", images: "i", component: "y", threshold: 1, maskType: "gt" };
    using _failed = await RatioFile.open(path("out"), record);
    const other = { ...record, source: "mended weights" };
    {
      using file = await RatioFile.open(path("out"), other);
      await file.append([{ path: "a.jpg", ratio: 1 }]);
    }
    await assertRejects(() => RatioFile.open(path("out"), record), TypeError, "mended weights");
  }));
