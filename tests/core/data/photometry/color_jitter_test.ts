import { assert } from "@std/assert";
import { colorJitter } from "../../../../core/data/photometry/mod.ts";
import type { Tensor } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { runGraph } from "../../../run_graph.ts";
import { golden, largestDifference, meanDifference, only, planesOf, stacked } from "./golden.ts";

const order = golden("chain.order");
const COUNT = order.shape[0]!;
const SIDE = golden("chain.expected.float").shape[2]!;
const sources = Array.from(
  golden("chain.image").data as Int32Array,
  (sample) => planesOf(sample, 8, SIDE),
);

/** Jitters a batch whose parameters the goldens have; a single sample if its index is given. */
async function jitter(sample?: number): Promise<Tensor> {
  const pick = (value: Tensor) => sample === undefined ? value : only(sample, value);
  const pixels = sample === undefined ? stacked(sources) : sources[sample]!;
  const count = pixels.shape[0]!;
  const value = (name: string) => input(name, "float32", [count]);
  const jittered = colorJitter(
    input("pixels", "float32", pixels.shape),
    {
      brightness: value("brightness"),
      contrast: value("contrast"),
      saturation: value("saturation"),
      hue: value("hue"),
      order: input("order", "int64", [count, 4]),
    },
  );
  const made = await runGraph({ jittered }, {
    pixels,
    brightness: pick(golden("chain.brightness")),
    contrast: pick(golden("chain.contrast")),
    saturation: pick(golden("chain.saturation")),
    hue: pick(golden("chain.hue")),
    order: pick(order),
  });
  return made["jittered"]!;
}

Deno.test("colorJitter() applies the steps of a batch in all 24 orders as torchvision does", async () => {
  const made = await jitter();
  const difference = largestDifference(made, golden("chain.expected.float"), 255);
  assert(difference <= 0.02, `found a difference of ${difference} / 255`);
});

Deno.test("colorJitter() stays within a few levels of torchvision where that rounds after each step", async () => {
  const made = await jitter();
  const bytes = largestDifference(made, golden("chain.expected.bytes"));
  assert(bytes <= 6, `found a difference of ${bytes} / 255`);
  // Pillow's hues have 8 bits as well, so that it is up to 18 levels away from torchvision's floats.
  for (const rounded of ["bytes", "pillow"]) {
    const mean = meanDifference(made, golden(`chain.expected.${rounded}`));
    assert(mean <= 1.6, `found a mean difference of ${mean} / 255 from ${rounded}`);
  }
});

Deno.test("colorJitter() applies the steps of single samples likewise", async () => {
  for (let sample = 0; sample < COUNT; sample++) {
    const made = await jitter(sample);
    const difference = largestDifference(made, only(sample, golden("chain.expected.float")), 255);
    assert(difference <= 0.02, `found a difference of ${difference} / 255 in sample ${sample}`);
  }
});
