import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { ConfigFile } from "../../../core/weights/config_file.ts";

const file = new ConfigFile("unet/config.json", {
  count: 3,
  share: 0.5,
  flag: false,
  name: "silu",
  list: [1, 2],
  types: ["Down", "Down"],
  mean: [0.1, 0.2, 0.3],
  none: null,
});

Deno.test("ConfigFile reads entries of each type, and falls back where one is left out", () => {
  assertEquals([file.integer("count"), file.integer("other", 7)], [3, 7]);
  assertEquals([file.number("share"), file.number("other", 0.1)], [0.5, 0.1]);
  assertEquals([file.boolean("flag"), file.boolean("other", true)], [false, true]);
  assertEquals(file.oneOf("name", ["relu", "silu"]), "silu");
  assertEquals(file.integers("list"), [1, 2]);
  assertEquals(file.listOf("types", ["Up", "Down"]), ["Down", "Down"]);
  assertEquals(file.channels("mean", [0, 0, 0]), [0.1, 0.2, 0.3]);
  assertEquals(file.channels("other", [1, 2, 3]), [1, 2, 3]);
});

Deno.test("ConfigFile names file, key, rule and value of what it refuses", () => {
  const refused: readonly [() => unknown, string][] = [
    [() => file.integer("share"), '"share" must be an integer of at least 0, found 0.5'],
    [() => file.integer("other"), '"other" must be an integer of at least 0, found nothing'],
    [() => file.number("none", 1), '"none" must be a number, found null'],
    [() => file.boolean("count"), '"count" must be true or false, found 3'],
    [() => file.oneOf("name", ["relu", "gelu"]), '"name" must be one of relu, gelu, found "silu"'],
    [
      () => file.integers("mean"),
      '"mean" must be a list of positive integers, found [0.1,0.2,0.3]',
    ],
    [() => file.listOf("types", ["Up"]), '"types" must be a list of Up, found ["Down","Down"]'],
    [() => file.channels("list", [0, 0, 0]), '"list" must be three numbers, found [1,2]'],
    [() => file.require("flag", true), '"flag" must be true, found false'],
    [() => file.requireDefault("count", 4), '"count" must be 4 or left out, found 3'],
  ];
  for (const [read, message] of refused) {
    assertThrows(read, TypeError, `Cannot use unet/config.json: ${message}`);
  }
  file.requireDefault("none", 4);
  file.requireDefault("other", 4);
});

Deno.test("ConfigFile.read() refuses what is no JSON object", async () => {
  const path = join(await Deno.makeTempDir(), "config.json");
  try {
    for (
      const [text, message] of [["{", "it must be JSON"], ["[1]", "it must hold a JSON object"]]
    ) {
      await Deno.writeTextFile(path, text!);
      await assertRejects(
        () => ConfigFile.read(path),
        SyntaxError,
        `Cannot read ${path}: ${message!}`,
      );
    }
    await Deno.writeTextFile(path, '{"a": 1}');
    assertEquals((await ConfigFile.read(path)).integer("a"), 1);
  } finally {
    await Deno.remove(join(path, ".."), { recursive: true });
  }
});
