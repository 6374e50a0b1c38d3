import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { checkGradients } from "../../../core/engine/autodiff/check_gradients.ts";
import { gradients } from "../../../core/engine/autodiff/gradients.ts";
import { tensor } from "../../../core/engine/graph/tensor.ts";
import { constant, input, type Value } from "../../../core/engine/graph/value.ts";
import { split } from "../../../core/engine/ops/split.ts";
import { infoNce, multiPositive, type MultiPositiveOptions } from "../../../core/losses/mod.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { runGraph } from "../../run_graph.ts";

const PATH = new URL("../../../fixtures/golden/loss_multi_positive", import.meta.url).pathname;
const golden = (await readSafetensors(`${PATH}.safetensors`)).tensors;
const { views: VIEWS, temperature } = JSON.parse(await Deno.readTextFile(`${PATH}.json`));
const SAMPLES = golden.get("queries")!.shape[0]! / VIEWS;

function byView(rows: Value): Value[] {
  return split(rows, new Array<number>(VIEWS).fill(SAMPLES), { axis: 0 });
}

const weightsOfPair = (first: number, second: number) =>
  constant(golden.get(`weights.${Math.min(first, second)}.${Math.max(first, second)}`)!);

for (const ownView of [true, false]) {
  const candidates = ownView ? "own" : "others";
  for (const kind of ["plain", "weighted"]) {
    Deno.test(`multiPositive() among ${candidates} gives PyTorch's ${kind} loss and gradients`, async () => {
      const parts = ["queries", "keys"] as const;
      const rows = parts.map((part) => input(part, "float64", golden.get(part)!.shape));
      const options: MultiPositiveOptions = {
        temperature,
        ownView,
        ...(kind === "weighted" && { weightsOfPair }),
      };
      const loss = multiPositive(byView(rows[0]!), byView(rows[1]!), options);
      const [queries, keys] = gradients(loss, rows);
      const found = await runGraph({ loss, "d queries": queries!, "d keys": keys! }, {
        queries: golden.get("queries")!,
        keys: golden.get("keys")!,
      });
      for (const [name, actual] of Object.entries(found)) {
        const expected = golden.get(`${candidates}.${kind}.${name.replace("d ", "")}`)!;
        assertEquals(actual.shape, expected.shape);
        expected.data.forEach((value, i) =>
          assertAlmostEquals(Number(actual.data[i]!), Number(value), 1e-12, `${name}[${i}]`)
        );
      }
    });
  }

  Deno.test(`multiPositive() among ${candidates} has the gradients that central differences give`, async () => {
    await checkGradients(
      ({ queries, keys, ...weights }) =>
        multiPositive(byView(queries!), byView(keys!), {
          temperature,
          ownView,
          weightsOfPair: (first, second) =>
            weights[`weights.${Math.min(first, second)}.${Math.max(first, second)}`]!,
        }),
      Object.fromEntries(
        [...golden].filter(([name]) => /^(queries|keys|weights.*)$/.test(name)),
      ),
      { evaluate: runGraph },
    );
  });
}

/** Two queries and two keys of unit length. */
const [Q, K] = [[1, 0, 0, 1], [0.8, 0.6, 0.6, 0.8]].map((rows) =>
  constant(tensor("float64", [2, 2], Float64Array.from(rows)))
) as [Value, Value];

for (const [temperature, expected] of [[1, 1.196277739], [0.2, 0.125304675]] as const) {
  Deno.test(`multiPositive() of two views is MoCo v3's loss, by hand at temperature ${temperature}`, async () => {
    const loss = multiPositive([Q, Q], [K, K], { temperature });
    const { found, same } = await runGraph(
      { found: loss, same: infoNce(Q, K, { temperature }) },
      {},
    );
    assertAlmostEquals(2 * temperature * Number(found!.data[0]), expected, 1e-9);
    assertAlmostEquals(Number(same!.data[0]), Number(found!.data[0]), 1e-12);
  });
}

Deno.test("multiPositive() of views that are all alike is the logarithm of the number of keys", async () => {
  const same = constant(tensor("float32", [3, 2], Float32Array.from([1, 0, 1, 0, 1, 0])));
  const views = [same, same, same];
  const { own, others } = await runGraph({
    own: multiPositive(views, views, { temperature: 0.1, ownView: true }),
    others: multiPositive(views, views, { temperature: 0.1 }),
  }, {});
  assertAlmostEquals(Number(own!.data[0]), Math.log(8), 1e-5);
  assertAlmostEquals(Number(others!.data[0]), Math.log(6), 1e-5);
});

Deno.test("multiPositive() takes more queries than keys: those of local views", async () => {
  const { local, all } = await runGraph({
    local: multiPositive([Q, Q, K], [K, K], { temperature: 1 }),
    all: multiPositive([K, K], [K, K], { temperature: 1 }),
  }, {});
  // Four pairs: two between the first views, whose keys are two, and two of the local one, whose keys are four.
  const two = 1.196277739 / 2;
  const among = Number(all!.data[0]) + Math.log(2);
  assertAlmostEquals(Number(local!.data[0]), (2 * two + 2 * among) / 4, 1e-6);
});

Deno.test("multiPositive() refuses a single view", () => {
  for (const [queries, keys] of [[[Q], [K]], [[Q, Q], []], [[Q], [K, K]]]) {
    assertThrows(
      () => multiPositive(queries!, keys!, { temperature: 1 }),
      RangeError,
      `Cannot contrast views: there must be two views of queries, and keys of all or the first of them, found ${
        queries!.length
      } and ${keys!.length}`,
    );
  }
});
