import { assertEquals, assertStringIncludes } from "@std/assert";

const PROGRAM = `
import { float32 } from "${import.meta.resolve("../core/engine/graph/tensor.ts")}";
import { input } from "${import.meta.resolve("../core/engine/graph/value.ts")}";
import { neg } from "${import.meta.resolve("../core/engine/ops/neg.ts")}";
import { CPU_ONLY } from "${import.meta.resolve("./test_device.ts")}";
import { runGraph } from "${import.meta.resolve("./run_graph.ts")}";
const { y } = await runGraph({ y: neg(input("x", "float32", [1])) }, { x: float32([1], [3]) });
console.log(y.data[0], CPU_ONLY.ignore);
`;

/** Runs a graph in a process of its own, which has the variable from its start. */
async function runOn(device: string) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-check", "--allow-read", "--allow-ffi", "--allow-env", "--allow-sys"],
      `data:application/typescript,${encodeURIComponent(PROGRAM)}`,
    ],
    env: { GENVIEW_TEST_DEVICE: device, NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("runGraph() runs on the CPU unless it is told otherwise", async () => {
  for (const device of ["", "cpu"]) assertEquals((await runOn(device)).out, "-3 false\n");
});

Deno.test("runGraph() runs on the device that GENVIEW_TEST_DEVICE names, and on no other", async () => {
  const { code, out, err } = await runOn("cuda:900");
  assertEquals([code, out], [1, ""]);
  assertStringIncludes(err, "Cannot use cuda:900");
});
