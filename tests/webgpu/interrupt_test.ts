import { assertEquals } from "@std/assert";
import { WITHOUT_WEBGPU } from "./webgpu_device.ts";

/** A call of the device that takes minutes on a driver in software, in a program that Ctrl-C is to stop. */
const PROGRAM = `
  import { filled } from "../../core/engine/graph/tensor.ts";
  import { input } from "../../core/engine/graph/value.ts";
  import { encodeModel } from "../../core/engine/onnx/encode_model.ts";
  import { matMul } from "../../core/engine/ops/mat_mul.ts";
  import { DeviceTensor, Session } from "../../core/engine/ort/mod.ts";
  import { interruptSignal } from "../../tasks/cli/interrupt_signal.ts";

  using interrupt = interruptSignal();
  const device = { provider: "webgpu", index: 0 };
  const x = input("x", "float32", [2048, 2048]);
  let y = x;
  for (let i = 0; i < 1000; i++) y = matMul(y, x);
  const session = await Session.create(encodeModel({ outputs: { y } }), { device, threads: 1 });
  const binding = session.bind(
    { x: DeviceTensor.from(filled("float32", [2048, 2048], 1e-3), device) },
    { y: DeviceTensor.empty(y.type) },
  );
  const run = binding.run();
  console.log("runs");
  await run;
`;

Deno.test({
  name: `a second Ctrl-C ends a run on WebGPU at once, in a long call${WITHOUT_WEBGPU.why}`,
  ignore: WITHOUT_WEBGPU.ignore || Deno.build.os === "windows",
  async fn() {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", PROGRAM],
      cwd: import.meta.dirname!,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    reader.releaseLock();
    const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));
    await pause(500);
    child.kill("SIGINT");
    await pause(1500);
    const began = performance.now();
    child.kill("SIGINT");
    const { code, signal, stderr } = await child.output();
    assertEquals(performance.now() - began < 2000, true);
    assertEquals(
      [code, signal, new TextDecoder().decode(stderr)],
      [130, "SIGINT", "stopping; press Ctrl-C again to end at once\n"],
    );
  },
});
