import { assertEquals } from "@std/assert";
import { float32 } from "../../../../../core/engine/graph/tensor.ts";
import { input, type Value } from "../../../../../core/engine/graph/value.ts";
import { encodeModel, traceModel } from "../../../../../core/engine/onnx/mod.ts";
import { add } from "../../../../../core/engine/ops/add.ts";
import { exp } from "../../../../../core/engine/ops/exp.ts";
import { matMul } from "../../../../../core/engine/ops/mat_mul.ts";
import { relu } from "../../../../../core/engine/ops/relu.ts";
import { transpose } from "../../../../../core/engine/ops/transpose.ts";
import { pushTransposes } from "../../../../../core/engine/ort/memory/push_transposes.ts";
import { runOrder } from "../../../../../core/engine/ort/memory/run_order.ts";
import { CPU, Session } from "../../../../../core/engine/ort/mod.ts";
import { inFolder } from "../../../../in_folder.ts";
import { tracedNodes } from "../execution_trace.ts";

/** What two views add to the gradients of two weights: those of the first are transposed. */
function sums(): Record<string, Value> {
  const x = input("x", "float32", [8, 8]);
  const [first, second] = [exp(x), relu(x)];
  const product = (y: Value) => matMul(y, x, { transposeA: true });
  const turned = (y: Value) => transpose(product(y), [1, 0]);
  return {
    early: add(turned(first), turned(second)),
    late: add(product(second), product(first)),
  };
}

Deno.test("pushTransposes() makes of a model what ONNX Runtime runs, in its order", () =>
  inFolder(async (folder) => {
    const model = encodeModel({ outputs: sums(), typed: true });
    const trace = traceModel(model);
    const pushed = pushTransposes(trace);
    const expected = runOrder(pushed).map((node) => pushed.nodes[node]!.type);
    assertEquals(expected.filter((type) => type === "Transpose").length, 1);
    using session = await Session.create(model, { device: CPU, profile: `${folder}/trace` });
    await session.run({ x: float32([8, 8], new Float32Array(64).fill(0.5)) });
    const ran = tracedNodes(await Deno.readTextFile(session.endProfiling()));
    assertEquals(ran.map(({ op }) => op), expected);
  }));

Deno.test("pushTransposes() leaves transposes that others read, that differ, or that are fetched", () => {
  const x = input("x", "float32", [4, 4]);
  const [a, b] = [transpose(exp(x), [1, 0]), transpose(relu(x), [1, 0])];
  const count = (outputs: Record<string, Value>) => {
    const { nodes } = pushTransposes(traceModel(encodeModel({ outputs, typed: true })));
    return nodes.filter(({ type }) => type === "Transpose").length;
  };
  assertEquals(count({ y: add(a, b) }), 1);
  assertEquals(count({ y: add(a, b), z: exp(a) }), 2);
  assertEquals(count({ y: add(a, b), a }), 2);
  assertEquals(count({ y: add(a, exp(x)) }), 1);
});
