import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { checkGradients } from "../../../core/engine/autodiff/check_gradients.ts";
import { gradients } from "../../../core/engine/autodiff/gradients.ts";
import { filled, tensor } from "../../../core/engine/graph/tensor.ts";
import { constant, input, type Value } from "../../../core/engine/graph/value.ts";
import { matMul } from "../../../core/engine/ops/mat_mul.ts";
import { slice } from "../../../core/engine/ops/slice.ts";
import { squeeze } from "../../../core/engine/ops/squeeze.ts";
import { crossEntropy, sinkhorn, swappedPrediction } from "../../../core/losses/mod.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { runGraph } from "../../run_graph.ts";

const PATH = new URL(
  "../../../fixtures/golden/loss_swapped_prediction.safetensors",
  import.meta.url,
);
const golden = (await readSafetensors(PATH.pathname)).tensors;

/** Scores of four samples on three prototypes, in two views. */
const FIRST = [[0.9, 0.1, -0.2], [0.8, 0.3, 0], [-0.1, 0.7, 0.4], [0.2, 0.1, 0.6]];
const SECOND = [[0.7, 0.2, -0.1], [0.9, 0.2, 0.1], [0, 0.8, 0.3], [0.1, 0.2, 0.7]];

function matrix(rows: readonly (readonly number[])[]): Value {
  return constant(
    tensor("float64", [rows.length, rows[0]!.length], Float64Array.from(rows.flat())),
  );
}

/** SwAV's loss of scores, where the first two views are assigned. */
function swav(scores: readonly Value[], temperature: number, weights?: Value): Value {
  return swappedPrediction(
    scores.slice(0, 2).map((own) => sinkhorn(own)),
    scores,
    (code, predicted) =>
      crossEntropy(predicted, code, { temperature, ...(weights && { weights }) }),
  );
}

/** The scores of a view of the golden on prototypes. */
function goldenScores(prototypes: Value): Value[] {
  const embeddings = constant(golden.get("embeddings")!);
  return [0, 1, 2].map((view) => {
    const one = slice(embeddings, { starts: [view], ends: [view + 1], axes: [0] });
    return matMul(squeeze(one, [0]), prototypes, { transposeB: true });
  });
}

Deno.test("sinkhorn() of four samples on three prototypes gives codes of sum 1 and nearly even columns", async () => {
  const { codes } = await runGraph({ codes: sinkhorn(matrix(FIRST)) }, {});
  const expected = [
    [0.999971, 0.000029, 0],
    [0.988436, 0.011372, 0.000192],
    [0, 0.983356, 0.016644],
    [0, 0.000007, 0.999993],
  ].flat();
  expected.forEach((value, i) => assertAlmostEquals(Number(codes!.data[i]), value, 1e-6));
  [1.988407, 0.994762, 1.016831].forEach((mass, column) => {
    const sum = [0, 1, 2, 3].reduce((all, row) => all + Number(codes!.data[3 * row + column]), 0);
    assertAlmostEquals(sum, mass, 1e-6);
  });
});

Deno.test("sinkhorn() gives PyTorch's codes, also with another entropy and a single iteration", async () => {
  const [first, second] = goldenScores(constant(golden.get("prototypes")!));
  const found = await runGraph({
    first: sinkhorn(first!),
    second: sinkhorn(second!),
    soft: sinkhorn(first!, { epsilon: 0.5, iterations: 1 }),
  }, {});
  const codes = Array.from(golden.get("codes")!.data, Number);
  const expected = {
    first: codes.slice(0, codes.length / 2),
    second: codes.slice(codes.length / 2),
    soft: Array.from(golden.get("codes.soft")!.data, Number),
  };
  for (const [name, values] of Object.entries(expected)) {
    values.forEach((value, i) =>
      assertAlmostEquals(Number(found[name]!.data[i]), value, 1e-12, `${name}[${i}]`)
    );
  }
});

Deno.test("sinkhorn() survives a prototype that is like no sample, in float32", async () => {
  const scores = tensor("float32", [2, 3], Float32Array.from([1, 0.9, -30, 0.8, 1, -30]));
  const { codes } = await runGraph({ codes: sinkhorn(constant(scores)) }, {});
  for (const row of [0, 1]) {
    const sum = [0, 1, 2].reduce((all, column) => all + Number(codes!.data[3 * row + column]), 0);
    assertAlmostEquals(sum, 1, 1e-6);
  }
});

Deno.test("SwAV's loss of two views is the known number", async () => {
  const { loss } = await runGraph({ loss: swav([matrix(FIRST), matrix(SECOND)], 0.1) }, {});
  assertAlmostEquals(Number(loss!.data[0]), 0.035332134, 1e-9);
});

Deno.test("SwAV's loss is ln 3000 where all scores are alike", async () => {
  const alike = constant(filled("float32", [2, 3000], 0.3));
  const { loss } = await runGraph({ loss: swav([alike, alike, alike], 0.1) }, {});
  assertAlmostEquals(Number(loss!.data[0]), 8.0064, 1e-4);
});

for (const kind of ["plain", "weighted"]) {
  Deno.test(`SwAV's loss of three views is PyTorch's, with its gradient, ${kind}`, async () => {
    const prototypes = input("prototypes", "float64", golden.get("prototypes")!.shape);
    const weights = kind === "weighted" ? constant(golden.get("weights")!) : undefined;
    const loss = swav(goldenScores(prototypes), 0.1, weights);
    const found = await runGraph({ loss, "d prototypes": gradients(loss, [prototypes])[0]! }, {
      prototypes: golden.get("prototypes")!,
    });
    for (const [name, actual] of Object.entries(found)) {
      golden.get(`${kind}.${name.replace("d ", "")}`)!.data.forEach((value, i) =>
        assertAlmostEquals(Number(actual.data[i]), Number(value), 1e-12, `${name}[${i}]`)
      );
    }
  });
}

Deno.test("swappedPrediction() has the gradients that central differences give", async () => {
  const codes = [FIRST, SECOND].map(() => filled("float64", [6, 5], 0.2));
  await checkGradients(
    ({ prototypes }) =>
      swappedPrediction(
        codes.map(constant),
        goldenScores(prototypes!),
        (code, predicted) => crossEntropy(predicted, code, { temperature: 0.5 }),
      ),
    { prototypes: golden.get("prototypes")! },
    { evaluate: runGraph },
  );
});

Deno.test("swappedPrediction() tells which views it compares, and needs two", () => {
  const value = matrix(FIRST);
  const compared: [number, number][] = [];
  swappedPrediction([value, value], [value, value, value], (_target, prediction, first, second) => {
    compared.push([first, second]);
    return prediction;
  });
  assertEquals(compared, [[0, 1], [0, 2], [1, 0], [1, 2]]);
  assertThrows(
    () => swappedPrediction([value], [value], (_, prediction) => prediction),
    RangeError,
    "there must be a target and another view, found 1 and 1",
  );
});
