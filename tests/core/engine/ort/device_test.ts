import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  CPU,
  describeDevice,
  formatDevice,
  parseDevice,
  sameDevice,
  withoutTf32,
} from "../../../../core/engine/ort/device.ts";

Deno.test("parseDevice() reads every form", () => {
  assertEquals(parseDevice("auto"), "auto");
  assertEquals(parseDevice("cpu"), CPU);
  assertEquals(parseDevice("cuda"), { provider: "cuda", index: 0 });
  assertEquals(parseDevice("cuda:12"), { provider: "cuda", index: 12 });
  assertEquals(parseDevice("webgpu"), { provider: "webgpu", index: 0 });
});

Deno.test("parseDevice() refuses anything else", () => {
  for (const text of ["", "gpu", "CPU", "cpu:0", "cuda:", "cuda:-1", "cuda:1x", "webgpu:0"]) {
    assertThrows(
      () => parseDevice(text),
      SyntaxError,
      `Cannot read a device: it must be auto, cpu, cuda, cuda:N or webgpu, found "${text}"`,
    );
  }
});

Deno.test("formatDevice() writes what parseDevice() reads", () => {
  for (const text of ["cpu", "cuda:0", "cuda:3", "webgpu"]) {
    const device = parseDevice(text);
    assert(device !== "auto");
    assertEquals(formatDevice(device), text);
  }
});

Deno.test("sameDevice() tells devices of one provider apart", () => {
  assert(sameDevice({ provider: "cuda", index: 1 }, { provider: "cuda", index: 1 }));
  assert(!sameDevice({ provider: "cuda", index: 0 }, { provider: "cuda", index: 1 }));
  assert(!sameDevice({ provider: "webgpu", index: 0 }, { provider: "cuda", index: 0 }));
});

Deno.test("describeDevice() tells whether CUDA uses TF32, and other options of the provider", () => {
  const cuda = { provider: "cuda", index: 1 } as const;
  assertEquals(describeDevice(cuda), "cuda:1, TF32 on");
  const options = { use_tf32: "0", prefer_nhwc: "1" };
  assertEquals(describeDevice({ ...cuda, options }), "cuda:1, TF32 off, prefer_nhwc=1");
  assertEquals(describeDevice(CPU), "cpu");
});

Deno.test("withoutTf32() turns TF32 off on CUDA alone, unless an option turns it on", () => {
  const cuda = { provider: "cuda", index: 1, options: { prefer_nhwc: "1" } } as const;
  assertEquals(describeDevice(withoutTf32(cuda)), "cuda:1, TF32 off, prefer_nhwc=1");
  const asked = { ...cuda, options: { use_tf32: "1" } };
  assertEquals(withoutTf32(asked), asked);
  const webgpu = { provider: "webgpu", index: 0 } as const;
  assertEquals([withoutTf32(webgpu), withoutTf32(CPU)], [webgpu, CPU]);
});
