import { assert, assertEquals, assertThrows } from "@std/assert";
import { layerPath, withinLayer } from "../../../../core/engine/graph/layer_path.ts";
import { producer, readBy } from "../../../../core/engine/graph/node.ts";
import { defineOp } from "../../../../core/engine/graph/op.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import * as op from "../../../../core/engine/ops/mod.ts";

const x = input("x", "float32", [2, 3]);
const y = input("y", "float32", [4]);

Deno.test("an operator names itself, its inputs' types and the rule when shapes do not fit", () => {
  assertThrows(
    () => op.add(x, y),
    RangeError,
    "Cannot apply Add to (a: float32[2,3], b: float32[4]): axis 1 must match or be 1, found 3 and 4",
  );
});

Deno.test("an operator names the layer in which it fails", () => {
  assertThrows(
    () => withinLayer("layer1.0.conv1", () => op.matMul(x, y)),
    RangeError,
    'Cannot apply MatMul to (a: float32[2,3], b: float32[4]) in layer "layer1.0.conv1": ' +
      "a and b must have at least 2 axes",
  );
  assertEquals(layerPath(), "");
});

Deno.test("an operator keeps the cause and its class", () => {
  const error = assertThrows(() => op.mul(x, input("i", "int64", [3])), TypeError);
  assert(error.cause instanceof TypeError);
  assertEquals(error.cause.message, "element types must match, found float32 and int64");
});

Deno.test("an operator passes on errors that are its own fault", () => {
  const broken = defineOp({
    type: "Broken",
    inputs: ["x"],
    outputs: ["y"],
    infer: () => {
      throw new Error("Internal: out of order");
    },
    gradient: "none",
  });
  assertEquals(assertThrows(() => broken({ x }, {})).message, "Internal: out of order");
});

Deno.test("an operator rejects a missing input, and takes an optional one or not", () => {
  const pair = defineOp({
    type: "Pair",
    inputs: ["a"],
    optional: ["b"],
    outputs: ["y"],
    infer: ({ a }) => ({ y: a }),
    gradient: "none",
  });
  assertEquals(Object.keys(producer(pair({ a: x }, {}).y)!.inputs), ["a"]);
  assertEquals(Object.keys(producer(pair({ b: y, a: x }, {}).y)!.inputs), ["a", "b"]);
  assertThrows(
    // @ts-expect-error a is missing
    () => pair({ b: y }, {}),
    TypeError,
    'Cannot apply Pair: input "a" is missing',
  );
});

Deno.test("an operator without named inputs takes any number, in their order", () => {
  const parts = op.concat([y, y, y], { axis: 0 });
  assertEquals(readBy(producer(parts)!), [y, y, y]);
  assertEquals(parts.shape, [12]);
});

Deno.test("a composite names itself when its parts do not fit", () => {
  assertThrows(
    () => op.groupNormalization(x, { groups: 2 }),
    RangeError,
    "Cannot apply GroupNormalization to (x: float32[2,3]): groups must divide the 3 channels, found 2",
  );
});
