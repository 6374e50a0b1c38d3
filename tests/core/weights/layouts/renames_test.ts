import { assertEquals } from "@std/assert";
import { toOwn, toPublished } from "../../../../core/weights/layouts/renames.ts";

const TABLE = [
  ["down.0.{j}.", "stem.{j}."],
  ["down.{s}.{j}.", "stages.{s}.down.{j}."],
  ["stages.{s}.{b}.gamma", "stages.{s}.blocks.{b}.gamma"],
] as const;

Deno.test("toOwn() and toPublished() are each other's inverse, with numbers kept", () => {
  const pairs = {
    "down.0.1.bias": "stem.1.bias",
    "down.12.0.weight": "stages.12.down.0.weight",
    "stages.3.10.gamma": "stages.3.blocks.10.gamma",
  };
  for (const [published, own] of Object.entries(pairs)) {
    assertEquals(toOwn(TABLE)(published), own);
    assertEquals(toPublished(TABLE)(own), published);
  }
});

Deno.test("toOwn() has no place for names that are only alike", () => {
  const others = [
    "down.0.",
    "down.x.0.bias",
    "xdown.0.1.bias",
    "stages.3.10.gamma.x",
    "stagesX3.1.gamma",
  ];
  for (const name of others) assertEquals(toOwn(TABLE)(name), undefined, name);
});
