import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkEvaluation, evaluateBackbone } from "../../../core/evaluate/evaluate_backbone.ts";
import { linearProbe } from "../../../core/evaluate/linear_probe.ts";
import { colors, placedBackbone, RECIPE } from "./colored_images.ts";

Deno.test("evaluateBackbone() compares classes by name, for neighbours and for a probe", async () => {
  using stack = new DisposableStack();
  const bank = colors("bank", ["blue", "green", "red"]);
  const queries = colors("queries", ["red"]);
  const network = placedBackbone(stack);
  const found = await evaluateBackbone(network, { bank, queries, recipe: RECIPE, knn: { k: 2 } });
  assertEquals(found.knn.top1, 1);
  assertEquals([...found.queries.labels], [2, 2]);
  const probe = await linearProbe(found.bank, found.queries, { standardize: true });
  assertEquals(probe.top1, 1);
  await assertRejects(
    () => evaluateBackbone(network, { bank: queries, queries: bank, recipe: RECIPE }),
    TypeError,
    'found "blue", "green"',
  );
});

Deno.test("evaluateBackbone() takes as many neighbours as there are, or as are asked for", async () => {
  using stack = new DisposableStack();
  const bank = colors("bank", ["green", "red"], { each: 3 });
  const evaluation = { bank, queries: bank, recipe: RECIPE };
  const { knn } = await evaluateBackbone(placedBackbone(stack), evaluation);
  assertEquals(knn.k, 5);
  assertThrows(
    () => checkEvaluation({ ...evaluation, knn: { k: 6 } }),
    RangeError,
    "k must be an integer in [1, 5], found 6",
  );
});
