import { assert, assertEquals, assertRejects } from "@std/assert";
import { float32 } from "../../../core/engine/graph/tensor.ts";
import { FeatureFiles, isRefusedName, mirroredPath } from "../../../core/masking/mod.ts";
import { withFolder } from "../backbones/clip_golden.ts";

Deno.test("mirroredPath() gives every key a path of its own below the folder", () => {
  const keys = [
    ...["a/0.jpg", "/a/0.jpg", "../a/0.jpg", "./a/0.jpg", "a//0.jpg", "%2Fa/0.jpg", "a/0%.jpg"],
    ...["%2E%2E/a/0.jpg", "b/0.jpg", "C:\\a\\0.jpg", "a/o o.jpg"],
  ];
  const paths = keys.map(mirroredPath);
  assertEquals(new Set(paths).size, keys.length);
  assert(paths.every((path) => !path.startsWith("/") && !path.split("/").includes("..")));
  assertEquals(mirroredPath("a/o o.jpg"), "a/o o.jpg");
});

Deno.test("FeatureFiles tells names that the file system does not take from other failures", () =>
  withFolder(async (path) => {
    const files = new FeatureFiles(path("out"));
    const tokens = float32([1, 2], [1, 2]);
    const long = `${"x".repeat(251)}.png`;
    assertEquals(await files.has(long), false);
    assertEquals(await files.find(long, 2), undefined);
    const error = await assertRejects(() => files.write(long, tokens, "float32"));
    assert(isRefusedName(error));
    await Deno.writeTextFile(path("file"), "");
    const below = new FeatureFiles(path("file"));
    const other = await assertRejects(() => below.write("a.png", tokens, "float32"));
    assert(!isRefusedName(other));
    assert((other as Error).message.includes("a part of its path is a file"));
    await files.write("a.png", tokens, "float32");
    assertEquals(await files.find("a.png", 2), tokens);
    assertEquals(await files.find("b.png", 2), undefined);
  }));

Deno.test("FeatureFiles stores no NaN, and says what a type cannot hold", () =>
  withFolder(async (path) => {
    const files = new FeatureFiles(path("out"));
    const write = (value: number) => () =>
      files.write("a.png", float32([1, 2], [1, value]), "float16");
    for (const value of [NaN, Infinity, -Infinity]) {
      await assertRejects(
        write(value),
        RangeError,
        "features must be finite, found NaN or infinity",
      );
    }
    await assertRejects(
      write(1e6),
      RangeError,
      "must lie within float16, found greater ones; store float32",
    );
    assertEquals(await files.has("a.png"), false);
  }));
