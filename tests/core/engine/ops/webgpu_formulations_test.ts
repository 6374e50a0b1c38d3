/**
 * What WebGPU has no kernel for, in other words: the same numbers, here from the CPU, which has kernels for both.
 */
import { assertEquals } from "@std/assert";
import { nodesLeadingTo } from "../../../../core/engine/graph/node.ts";
import { withTarget } from "../../../../core/engine/graph/target.ts";
import { tensor } from "../../../../core/engine/graph/tensor.ts";
import { input, type Value } from "../../../../core/engine/graph/value.ts";
import { or } from "../../../../core/engine/ops/or.ts";
import { transpose } from "../../../../core/engine/ops/transpose.ts";
import { runGraph } from "../../../run_graph.ts";

function operators(value: Value): string[] {
  return nodesLeadingTo([value], true).map(({ op }) => op.type);
}

function forWebGpu(build: () => Value): Value {
  return withTarget({ provider: "webgpu" }, build);
}

Deno.test("or() for WebGPU is made of And and Not", async () => {
  const [a, b] = [input("a", "bool", [4]), input("b", "bool", [2, 1])];
  const y = forWebGpu(() => or(a, b));
  assertEquals(operators(y).filter((type) => type === "Or"), []);
  const feeds = {
    a: tensor("bool", [4], new Uint8Array([0, 0, 1, 1])),
    b: tensor("bool", [2, 1], new Uint8Array([0, 1])),
  };
  const found = await runGraph({ y, plain: or(a, b) }, feeds);
  assertEquals(found.y, found.plain);
});

Deno.test("transpose() for WebGPU moves bytes as int32, and floats as they are", async () => {
  const x = input("x", "uint8", [2, 3, 4]);
  const y = forWebGpu(() => transpose(x, [0, 2, 1]));
  assertEquals(operators(y), ["Cast", "Transpose", "Cast"]);
  const floats = input("floats", "float32", [2, 3, 4]);
  assertEquals(operators(forWebGpu(() => transpose(floats, [0, 2, 1]))), ["Transpose"]);
  const bytes = tensor("uint8", [2, 3, 4], Uint8Array.from({ length: 24 }, (_, i) => 250 - 7 * i));
  const found = await runGraph({ y, plain: transpose(x, [0, 2, 1]) }, { x: bytes });
  assertEquals(found.y, found.plain);
});
