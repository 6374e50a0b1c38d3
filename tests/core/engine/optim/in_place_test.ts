import { assertEquals } from "@std/assert";
import { constant, input, type Value } from "../../../../core/engine/graph/value.ts";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { inPlaceHazards } from "../../../../core/engine/optim/in_place.ts";
import { add } from "../../../../core/engine/ops/add.ts";
import { identity } from "../../../../core/engine/ops/identity.ts";
import { matMul } from "../../../../core/engine/ops/mat_mul.ts";
import { mul } from "../../../../core/engine/ops/mul.ts";
import { reduceSum } from "../../../../core/engine/ops/reduce_sum.ts";
import { stopGradient } from "../../../../core/engine/ops/stop_gradient.ts";
import { sub } from "../../../../core/engine/ops/sub.ts";

const x: Value = input("x", "float32", [2, 2]);
const y: Value = input("y", "float32", [2, 2]);

Deno.test("inPlaceHazards() finds none where the writer reads element by element", () => {
  assertEquals(inPlaceHazards([{ input: x, output: sub(x, mul(y, 0.1)) }]), []);
});

Deno.test("inPlaceHazards() finds none where every other reader leads to the writer", () => {
  assertEquals(inPlaceHazards([{ input: x, output: sub(x, mul(y, reduceSum(x))) }]), []);
});

Deno.test("inPlaceHazards() finds none where a second update reads the first one's result", () => {
  const velocity = add(mul(y, 0.9), x);
  const updates = [{ input: y, output: velocity }, { input: x, output: sub(x, velocity) }];
  assertEquals(inPlaceHazards(updates), []);
});

Deno.test("inPlaceHazards() names a reader that may come after the update", () => {
  const updates = [{ input: x, output: sub(x, y) }, { input: y, output: mul(y, 2) }];
  assertEquals(inPlaceHazards(updates), ['Sub may read "y" after its update']);
  const other = reduceSum(x);
  assertEquals(inPlaceHazards([{ input: x, output: sub(x, y) }], [other]), [
    'ReduceSum may read "x" after its update',
  ]);
});

Deno.test("inPlaceHazards() names a writer that needs elements which it has overwritten", () => {
  assertEquals(inPlaceHazards([{ input: x, output: matMul(x, y) }]), [
    'MatMul reads "x" while it writes over it',
  ]);
});

Deno.test("inPlaceHazards() looks into composites", () => {
  const updates = [{ input: x, output: sub(stopGradient(x), stopGradient(y)) }];
  assertEquals(inPlaceHazards(updates), []);
  assertEquals(inPlaceHazards([...updates, { input: y, output: mul(stopGradient(y), 2) }]), [
    'Sub may read "y" after its update',
  ]);
});

Deno.test("inPlaceHazards() names inputs that trade places", () => {
  const updates = [{ input: x, output: y }, { input: y, output: x }];
  assertEquals(inPlaceHazards(updates), [
    '"x" becomes a copy of "y", which is updated too',
    '"y" becomes a copy of "x", which is updated too',
  ]);
  assertEquals(inPlaceHazards([{ input: x, output: identity(x) }, { input: y, output: y }]), []);
});

Deno.test("inPlaceHazards() names an input that is updated and an output as it was", () => {
  const update = { input: x, output: mul(x, 2) };
  for (const old of [x, stopGradient(x)]) {
    assertEquals(inPlaceHazards([update], [y, old]), [
      '"x" is to be kept as it was, and is updated',
    ]);
  }
  assertEquals(inPlaceHazards([update], [y, update.output]), []);
  assertEquals(inPlaceHazards([{ input: x, output: x }], [x]), []);
});

Deno.test("inPlaceHazards() names an update of another type", () => {
  const output = constant(float32([2], [1, 2]));
  assertEquals(inPlaceHazards([{ input: x, output }]), [
    '"x" is float32[2,2], its update float32[2]',
  ]);
});
