import { assertEquals } from "@std/assert";
import { input, type Value } from "../../../../../core/engine/graph/value.ts";
import { encodeModel, traceModel } from "../../../../../core/engine/onnx/mod.ts";
import { runOrder } from "../../../../../core/engine/ort/memory/run_order.ts";
import { CPU, Session } from "../../../../../core/engine/ort/mod.ts";
import { float32 } from "../../../../../core/engine/graph/tensor.ts";
import { exp } from "../../../../../core/engine/ops/exp.ts";
import { add } from "../../../../../core/engine/ops/add.ts";
import { matMul } from "../../../../../core/engine/ops/mat_mul.ts";
import { transpose } from "../../../../../core/engine/ops/transpose.ts";
import { sqrt } from "../../../../../core/engine/ops/sqrt.ts";
import { tracedNodes } from "../execution_trace.ts";

/** A graph of several ends, whose order is not that of its nodes. */
function branches(): Record<string, Value> {
  const x = input("x", "float32", [8, 8]);
  const first = exp(x);
  const second = matMul(first, x);
  const third = transpose(second, [1, 0]);
  const fourth = sqrt(add(third, first));
  const fifth = matMul(fourth, second);
  return { early: exp(second), late: matMul(fifth, third), last: sqrt(first) };
}

Deno.test("runOrder() is the order in which ONNX Runtime runs the nodes", async () => {
  const model = encodeModel({ outputs: branches(), typed: true });
  const trace = traceModel(model);
  const expected = runOrder(trace).map((node) => trace.nodes[node]!.outputs[0]!);
  const folder = await Deno.makeTempDir();
  try {
    using session = await Session.create(model, {
      device: CPU,
      optimization: "none",
      profile: `${folder}/trace`,
    });
    await session.run({ x: float32([8, 8], new Float32Array(64).fill(0.5)) });
    const ran = tracedNodes(await Deno.readTextFile(session.endProfiling()));
    assertEquals(ran.map(({ name }) => name), expected);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what is made of an early value at once is computed where it is needed, not kept from then on", () => {
  const x = input("x", "float32", [8, 8]);
  const early = exp(x);
  const long = matMul(matMul(matMul(early, x), x), x);
  const gate = sqrt(early);
  const trace = traceModel(encodeModel({ outputs: { y: add(long, gate) }, typed: true }));
  const types = runOrder(trace).map((node) => trace.nodes[node]!.type);
  assertEquals(types, ["Exp", "MatMul", "MatMul", "MatMul", "Sqrt", "Add"]);
});
