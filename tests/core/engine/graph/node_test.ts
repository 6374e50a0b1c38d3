import { assertEquals } from "@std/assert";
import { nodesLeadingTo, producer, resolve } from "../../../../core/engine/graph/node.ts";
import { defineComposite } from "../../../../core/engine/graph/op.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import * as op from "../../../../core/engine/ops/mod.ts";

const x = input("x", "float32", [2, 3]);

Deno.test("a composite stands for what it is made of, through several of them", () => {
  const outer = defineComposite({
    type: "Outer",
    inputs: ["x"],
    outputs: ["y"],
    expand: ({ x }) => ({ y: op.stopGradient(op.neg(x)) }),
    gradient: () => ({}),
  });
  const made = outer({ x }, {}).y;
  assertEquals(producer(made)!.op.type, "Outer");
  assertEquals(producer(resolve(made))!.op.type, "Neg");
  assertEquals(resolve(x), x);
  assertEquals(nodesLeadingTo([made], false).map(({ op }) => op.type), ["Outer"]);
  assertEquals(nodesLeadingTo([made], true).map(({ op }) => op.type), ["Neg"]);
});

Deno.test("nodesLeadingTo() gives each node once, after those it reads", () => {
  const a = op.exp(x);
  const b = op.mul(a, a);
  const c = op.add(b, a);
  op.neg(c);
  assertEquals(nodesLeadingTo([c, a], false).map(({ op }) => op.type), ["Exp", "Mul", "Add"]);
});

Deno.test("producer() gives the node of an output, and nothing for inputs", () => {
  assertEquals(producer(op.exp(x))!.op.type, "Exp");
  assertEquals(producer(x), undefined);
});
