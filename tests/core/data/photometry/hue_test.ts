import { assert } from "@std/assert";
import { shiftHue } from "../../../../core/data/photometry/mod.ts";
import { filled, float32 } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { runGraph } from "../../../run_graph.ts";
import { golden, largestDifference } from "./golden.ts";

const colours = golden("hue.colours").data as Float32Array;
const turns = golden("hue.turns");

Deno.test("shiftHue() turns corners, grays, ties and other colours by any shift as torchvision does", async () => {
  const count = turns.shape[0]!;
  const pixels = input("pixels", "float32", [count, 3, 8, 8]);
  const shifted = shiftHue(pixels, input("turns", "float32", [count]));
  const repeated = float32(pixels.shape, Array.from({ length: count }, () => [...colours]).flat());
  const made = await runGraph({ shifted }, { pixels: repeated, turns });
  const difference = largestDifference(made["shifted"]!, golden("hue.expected"));
  assert(difference <= 1e-5, `found a difference of ${difference}`);
});

Deno.test("shiftHue() leaves pixels as they are when there is no shift", async () => {
  const pixels = input("pixels", "float32", [1, 3, 8, 8]);
  const shifted = shiftHue(pixels, input("turns", "float32", [1]));
  const given = float32(pixels.shape, colours);
  const made = await runGraph({ shifted }, { pixels: given, turns: filled("float32", [1], 0) });
  assert(largestDifference(made["shifted"]!, given) <= 1e-6);
});
