import { assertEquals } from "@std/assert";
import { printGraph } from "../../../../core/engine/graph/print_graph.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { scalarOperand, times } from "../../../../core/engine/optim/_times.ts";

const factor = input("factor", "float32", []);

Deno.test("times() gives a scalar the axes of a tensor that ends in length 1", () => {
  const x = input("x", "float32", [8, 4, 1, 1]);
  assertEquals(
    printGraph([times(x, factor)]).split("\n"),
    [
      "v0:float32[1,1,1,1] = Reshape(factor) {shape: [1,1,1,1]}",
      "v1:float32[8,4,1,1] = Mul(x, v0)",
    ],
  );
});

Deno.test("times() leaves a scalar as it is where that is fast", () => {
  const x = input("x", "float32", [8, 4, 3, 3]);
  assertEquals(printGraph([times(x, factor)]), "v0:float32[8,4,3,3] = Mul(x, factor)");
  assertEquals(printGraph([times(x, 0.5)]), "v0:float32[8,4,3,3] = Mul(x, 0.5)");
});

Deno.test("scalarOperand() keeps a scalar for a scalar", () => {
  assertEquals(scalarOperand(factor, []), factor);
});
