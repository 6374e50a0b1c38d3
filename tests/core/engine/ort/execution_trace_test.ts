import { assertEquals } from "@std/assert";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { Session } from "../../../../core/engine/ort/session.ts";
import { strayNodes, tracedNodes } from "./execution_trace.ts";
import { sgdModel } from "./small_models.ts";

/** An event as ONNX Runtime writes it. */
function nodeEvent(name: string, op: string, provider: string): Record<string, unknown> {
  return {
    ...{ cat: "Node", pid: 1, tid: 2, dur: 3, ts: 4, ph: "X" },
    name: `${name}_kernel_time`,
    args: { op_name: op, provider, output_size: "16" },
  };
}

Deno.test("tracedNodes() finds the nodes of a run on the CPU, which are all at home there", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const profile = `${folder}/trace`;
    using session = await Session.create(sgdModel([2]), { threads: 1, profile });
    await session.run({
      w: float32([2], [1, 1]),
      gradient: float32([2], [2, 4]),
      rate: float32([], [0.5]),
    });
    const nodes = tracedNodes(await Deno.readTextFile(session.endProfiling()));
    assertEquals(nodes, [
      { name: "Mul_0", op: "Mul", provider: "CPUExecutionProvider" },
      { name: "Sub_1", op: "Sub", provider: "CPUExecutionProvider" },
    ]);
    assertEquals(strayNodes(nodes, "CPUExecutionProvider"), []);
    assertEquals(strayNodes(nodes, "CUDAExecutionProvider"), [
      "Mul_0 (Mul) ran on CPUExecutionProvider",
      "Sub_1 (Sub) ran on CPUExecutionProvider",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("strayNodes() names copies between devices, which run on the device itself", () => {
  const trace = JSON.stringify([
    { cat: "Session", name: "model_run", args: {} },
    nodeEvent("Conv_0", "Conv", "CUDAExecutionProvider"),
    nodeEvent("Memcpy_token_1", "MemcpyToHost", "CUDAExecutionProvider"),
    nodeEvent("Det_2", "Det", "CPUExecutionProvider"),
    nodeEvent("Memcpy", "MemcpyFromHost", "CUDAExecutionProvider"),
    // What CUDA itself traces of a kernel.
    { cat: "Kernel", name: "implicit_convolve_sgemm", args: { stream: 7 } },
  ]);
  const nodes = tracedNodes(trace);
  assertEquals(nodes.map(({ name }) => name), ["Conv_0", "Memcpy_token_1", "Det_2", "Memcpy"]);
  assertEquals(strayNodes(nodes, "CUDAExecutionProvider"), [
    "Memcpy_token_1 (MemcpyToHost) copies between devices",
    "Det_2 (Det) ran on CPUExecutionProvider",
    "Memcpy (MemcpyFromHost) copies between devices",
  ]);
});
