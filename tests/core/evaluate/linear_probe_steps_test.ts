import { assert, assertEquals } from "@std/assert";
import type { Tensor } from "../../../core/engine/graph/tensor.ts";
import { zeros } from "../../../core/engine/graph/tensor.ts";
import { LinearClassifier } from "../../../core/evaluate/linear_classifier.ts";
import {
  LINEAR_PROBE_RECIPES,
  probeLearningRate,
  probeOptimizer,
} from "../../../core/evaluate/linear_probe_recipes.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";

/** Largest difference of a loss or a parameter from PyTorch's, as a share of the largest of them. */
const TOLERANCE = 1e-4;

const path = new URL("../../../fixtures/golden/linear_probe_steps", import.meta.url).pathname;

interface Golden {
  readonly steps: number;
  readonly rows: number;
  readonly width: number;
  readonly classes: number;
}

/** The reference's batch of a step. */
function batchOf({ rows, width, classes }: Golden, step: number) {
  const labels = Array.from({ length: rows }, (_, row) => (row * 7 + step) % classes);
  const centres = hashedTensor("centres", [classes, width]).data;
  const noise = hashedTensor(`features.${step}`, [rows, width]).data;
  const features = noise.map((value, i) =>
    Math.max(0, value + centres[labels[Math.floor(i / width)]! * width + i % width]!)
  );
  return { features, labels };
}

function assertClose(what: string, found: ArrayLike<number>, wanted: Tensor): void {
  const expected = Array.from(wanted.data, Number);
  const largest = Math.max(...expected.map(Math.abs));
  assertEquals(found.length, expected.length, what);
  for (const [i, value] of expected.entries()) {
    const error = Math.abs(found[i]! - value) / largest;
    assert(error <= TOLERANCE, `${what} differs from PyTorch's by ${error} at ${i}`);
  }
}

for (const [name, recipe] of Object.entries(LINEAR_PROBE_RECIPES)) {
  Deno.test(`recipe ${recipe.letter} (${name}) follows PyTorch for 20 steps over its course`, async () => {
    const golden: Golden = JSON.parse(await Deno.readTextFile(`${path}.json`));
    const { tensors } = await readSafetensors(`${path}.safetensors`);
    const { steps, rows, width, classes } = golden;
    using classifier = await LinearClassifier.create({
      width,
      classes,
      batchSize: rows,
      optimizer: probeOptimizer(recipe),
      weightDecay: recipe.weightDecay > 0,
      seed: 0,
      start: {
        state: new Map([
          ["fc.weight", hashedTensor("fc.weight", [classes, width], 0.0173)],
          ["fc.bias", zeros("float32", [classes])],
        ]),
      },
    });
    const { epochs, weightDecay: weight_decay } = recipe;
    const rate = probeLearningRate(recipe, {
      // The reference scales all rates but that of LARS, whose steps would be lost in the weight.
      batchSize: recipe.optimizer === "lars" ? recipe.batchSize : rows,
      totalSteps: epochs,
      stepsPerEpoch: 1,
    });
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      const { features, labels } = batchOf(golden, step);
      const learning_rate = rate(Math.floor(step * epochs / steps));
      losses.push(await classifier.step(features, labels, { learning_rate, weight_decay }));
    }
    assertClose("the loss", losses, tensors.get(`${name}/losses`)!);
    for (const parameter of ["fc.weight", "fc.bias"]) {
      const found = classifier.trained.state.get(parameter)!.read().data as Float32Array;
      assertClose(parameter, found, tensors.get(`${name}/${parameter}`)!);
    }
  });
}
