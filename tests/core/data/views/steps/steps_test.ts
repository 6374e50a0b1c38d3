import { assert, assertEquals } from "@std/assert";
import { type AugmentationStep, STEPS } from "../../../../../core/data/views/steps/mod.ts";
import { RandomStream } from "../../../../../core/engine/random/random_stream.ts";

Deno.test("steps have names of their own, and so have the tensors in which they are packed", () => {
  const names = STEPS.map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
  const tensors = (STEPS as readonly AugmentationStep[]).flatMap((step) =>
    step.kind === "photometric" ? Object.keys(step.packed) : []
  );
  assertEquals(new Set(tensors).size, tensors.length);
});

Deno.test("what steps draw for views that they leave alone changes nothing, and all is plain data", () => {
  const recipes: Record<string, unknown> = {
    rotation: { degrees: 10 },
    randAugment: { layers: 4 },
    noiseErasing: { probability: 1 },
    jitter: { probability: 1, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
    grayscale: 1,
    blur: { probability: 1, sigma: [0.1, 2] },
    solarize: { probability: 1, threshold: 128 },
    erasing: { probability: 1 },
  };
  for (const step of STEPS as readonly AugmentationStep[]) {
    assert(!step.changes(step.none), step.name);
    const recipe = recipes[step.name];
    assert(step.isUsed(recipe), step.name);
    const sampled = step.sample(recipe, new RandomStream(0), 32);
    assert(step.changes(sampled), step.name);
    assertEquals(structuredClone(sampled), sampled);
    if (step.kind !== "photometric") continue;
    assert((step.graph === undefined) !== (step.colorMap === undefined), step.name);
    assertEquals(Object.keys(step.pack(sampled)).sort(), Object.keys(step.packed).sort());
  }
});
