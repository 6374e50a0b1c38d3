import { assertAlmostEquals, assertEquals } from "@std/assert";
import { checkGradients } from "../../../core/engine/autodiff/check_gradients.ts";
import { gradients } from "../../../core/engine/autodiff/gradients.ts";
import { tensor } from "../../../core/engine/graph/tensor.ts";
import { constant, input } from "../../../core/engine/graph/value.ts";
import { infoNce } from "../../../core/losses/mod.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { runGraph } from "../../run_graph.ts";

const PATH = new URL("../../../fixtures/golden/loss_info_nce.safetensors", import.meta.url);
const golden = (await readSafetensors(PATH.pathname)).tensors;
const TEMPERATURE = 0.25;

for (const among of ["batch", "queue"]) {
  const negatives = among === "queue" ? constant(golden.get("queue")!) : undefined;
  for (const kind of ["plain", "weighted"]) {
    Deno.test(`infoNce() among the ${among} gives PyTorch's ${kind} loss and gradients`, async () => {
      const parts = ["queries", "keys"] as const;
      const values = parts.map((part) => input(part, "float64", golden.get(part)!.shape));
      const loss = infoNce(values[0]!, values[1]!, {
        temperature: TEMPERATURE,
        ...(negatives && { negatives }),
        ...(kind === "weighted" && { weights: constant(golden.get("weights")!) }),
      });
      const [queries, keys] = gradients(loss, values);
      const found = await runGraph({ loss, "d queries": queries!, "d keys": keys! }, {
        queries: golden.get("queries")!,
        keys: golden.get("keys")!,
      });
      for (const [name, actual] of Object.entries(found)) {
        const expected = golden.get(`${among}.${kind}.${name.replace("d ", "")}`)!;
        assertEquals(actual.shape, expected.shape);
        expected.data.forEach((value, i) =>
          assertAlmostEquals(Number(actual.data[i]!), Number(value), 1e-12, `${name}[${i}]`)
        );
      }
    });
  }

  Deno.test(`infoNce() among the ${among} has the gradients that central differences give`, async () => {
    await checkGradients(
      ({ queries, keys, queue, weights }) =>
        infoNce(queries!, keys!, {
          temperature: TEMPERATURE,
          weights: weights!,
          ...(among === "queue" && { negatives: queue! }),
        }),
      Object.fromEntries(
        ["queries", "keys", "weights", ...(among === "queue" ? ["queue"] : [])]
          .map((name) => [name, golden.get(name)!]),
      ),
      { evaluate: runGraph },
    );
  });
}

Deno.test("infoNce() of keys that are all alike is the logarithm of their number", async () => {
  const same = constant(tensor("float32", [3, 2], Float32Array.from([1, 0, 1, 0, 1, 0])));
  const { batch, queue } = await runGraph({
    batch: infoNce(same, same, { temperature: 0.1 }),
    queue: infoNce(same, same, { temperature: 0.1, negatives: same }),
  }, {});
  assertAlmostEquals(Number(batch!.data[0]), Math.log(3), 1e-5);
  assertAlmostEquals(Number(queue!.data[0]), Math.log(4), 1e-5);
});
