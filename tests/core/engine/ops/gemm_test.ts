import { assertEquals } from "@std/assert";
import { filled } from "../../../../core/engine/graph/tensor.ts";
import { constant } from "../../../../core/engine/graph/value.ts";
import { gemm } from "../../../../core/engine/ops/gemm.ts";
import { runGraph } from "../../../run_graph.ts";

Deno.test("gemm() has factors of double precision in float64", async () => {
  const one = constant(filled("float64", [1, 1], 1));
  const result = await runGraph({
    product: gemm(one, one, { alpha: 0.1 }),
    sum: gemm(one, one, { c: one, alpha: 0.1, beta: 0.3 }),
  }, {});
  assertEquals(result["product"]!.data[0], 0.1);
  assertEquals(result["sum"]!.data[0], 0.1 + 0.3);
});
