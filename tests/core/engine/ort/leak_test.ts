import { assert, assertEquals, assertThrows } from "@std/assert";
import v8 from "node:v8";
import vm from "node:vm";
import type { OrtApi } from "../../../../core/engine/ort/api.ts";
import { cString, outWord } from "../../../../core/engine/ort/c_values.ts";
import { CPU } from "../../../../core/engine/ort/device.ts";
import { DeviceMemory } from "../../../../core/engine/ort/device_memory.ts";
import { DeviceTensor } from "../../../../core/engine/ort/device_tensor.ts";
import { environment, registerArena } from "../../../../core/engine/ort/environment.ts";
import { OrtError } from "../../../../core/engine/ort/error.ts";
import { Session } from "../../../../core/engine/ort/session.ts";
import { float32, zeros } from "../../../../core/engine/graph/tensor.ts";
import { sgdModel } from "./small_models.ts";

const MIB = 1 << 20;

/** Collects JavaScript's garbage now. */
function collectGarbage(): void {
  v8.setFlagsFromString("--expose-gc");
  vm.runInNewContext("gc")();
}

/** Bytes that native code holds by malloc, where glibc tells. */
function openMallocCount(): (Disposable & { readonly bytes: () => number }) | undefined {
  if (Deno.build.os !== "linux") return undefined;
  const symbols = {
    mallinfo2: {
      parameters: [],
      result: { struct: new Array(10).fill("usize") },
      optional: true,
    },
  } as const;
  const libc = Deno.dlopen("libc.so.6", symbols);
  if (libc.symbols.mallinfo2 === null) return undefined;
  const count = libc.symbols.mallinfo2;
  // struct mallinfo2: hblkhd is the fifth number, uordblks the eighth.
  const bytes = () => {
    const numbers = new BigUint64Array(count().buffer as ArrayBuffer);
    return Number(numbers[4]! + numbers[7]!);
  };
  return { bytes, [Symbol.dispose]: () => libc.close() };
}

Deno.test("10,000 steps that bind, run and dispose everything leave memory as it was", async () => {
  const type = { dtype: "float32", shape: [128, 128] } as const;
  using session = await Session.create(sgdModel(type.shape), { threads: 1 });
  using malloc = openMallocCount();
  const value = zeros("float32", type.shape);

  async function step(index: number): Promise<void> {
    using w = DeviceTensor.from(value);
    using gradient = DeviceTensor.empty(type);
    gradient.data.fill(index);
    using rate = DeviceTensor.from(float32([], [1]));
    using binding = session.bind({ w, gradient, rate }, { w_new: w });
    if (index % 4 === 0) await binding.run();
    else binding.runSync();
    assert(w.data[0] === -index);
    using result = DeviceTensor.empty(type);
    binding.rebind({}, { w_new: result });
    binding.runSync({ shrinkArena: index % 100 === 0 });
    assert(result.data[5] === -2 * index);
    if (index % 10 === 0) await session.run({ w: value, gradient, rate });
  }
  async function measure(): Promise<{ readonly resident: number; readonly native: number }> {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 0));
    return { resident: Deno.memoryUsage().rss, native: malloc?.bytes() ?? 0 };
  }

  const marks: Awaited<ReturnType<typeof measure>>[] = [];
  for (let i = 0; i < 10_000; i++) {
    if (i % 5000 === 0) marks.push(await measure());
    await step(i);
  }
  marks.push(await measure());
  const grown = (of: "resident" | "native") =>
    marks.slice(1).map((mark, i) => (mark[of] - marks[i]![of]) / MIB) as [number, number];
  // What decides: bytes in use, of which one object of 400 bytes that is never freed costs 2 MiB.
  const [, native] = grown("native");
  assert(native < 2, `native memory in use grew by ${native.toFixed(1)} MiB`);
  // Memory that V8 and malloc keep for themselves grows while they warm up, however long that takes on a busy machine,
  // but a tensor of 64 KiB that is never freed costs either half 300 MiB: half of that, or of what the first half took.
  const [warming, resident] = grown("resident");
  assert(
    resident < Math.max(150, warming / 2),
    `resident memory grew by ${warming.toFixed(1)} MiB, then by ${resident.toFixed(1)} MiB`,
  );
});

interface Failure {
  readonly what: string;
  readonly count: number;
  readonly fail: () => unknown;
  /** MiB that may be in use for other reasons; less than what is left where an object is forgotten. */
  readonly allowed: number;
}

/** The environment's functions, but that no allocator is registered. */
function unregistered(): OrtApi {
  const { api } = environment();
  const refuse = () => api.CreateMemoryInfo(cString("Nowhere"), 0, 0, 0, outWord());
  return { ...api, CreateAndRegisterAllocator: refuse };
}

const FAILURES: readonly Failure[] = [
  {
    what: "of tensors without room",
    count: 20_000,
    fail: () => DeviceTensor.empty({ dtype: "float32", shape: [2 ** 50] }),
    // A status takes 32 bytes.
    allowed: 0.3,
  },
  {
    what: "of arenas",
    count: 20_000,
    fail: () => registerArena(unregistered(), environment().pointer),
    // A description of memory takes 100 bytes.
    allowed: 0.3,
  },
  {
    what: "of memory on a device that is started",
    count: 400,
    fail: () =>
      new DeviceMemory(CPU, { name: "Nowhere", unit: "uint8", unitBytes: 1, chunkBytes: 64 }),
    // A session takes 60 KB; malloc keeps up to 5 of each that is released.
    allowed: 6,
  },
];

for (const { what, count, fail, allowed } of FAILURES) {
  Deno.test({
    name: `${count} failures ${what} leave nothing behind`,
    ignore: Deno.build.os !== "linux",
    fn() {
      using malloc = openMallocCount();
      const repeat = (times: number) => {
        for (let i = 0; i < times; i++) assertThrows(fail, OrtError);
        collectGarbage();
        return malloc?.bytes() ?? 0;
      };
      const before = repeat(count / 20);
      const grown = (repeat(count) - before) / MIB;
      assert(grown < allowed, `native memory in use grew by ${grown.toFixed(2)} MiB`);
    },
  });
}

Deno.test("Tensors that are forgotten are freed when they are collected", async () => {
  const type = { dtype: "float32", shape: [MIB / 4] } as const;
  using malloc = openMallocCount();
  const inUse = () => malloc?.bytes() ?? Deno.memoryUsage().rss;
  async function forget(count: number): Promise<number> {
    const before = inUse();
    for (let i = 0; i < count; i++) {
      DeviceTensor.empty(type).data.fill(1);
      if (i % 20 === 19) {
        collectGarbage();
        // Finalizers run in a task of their own.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
    return (inUse() - before) / MIB;
  }
  const warming = await forget(200);
  const grown = await forget(200);
  assert(
    grown < Math.max(50, warming / 2),
    `200 forgotten MiB left ${warming.toFixed(0)} MiB in use, 200 more ${grown.toFixed(0)} MiB`,
  );
});

Deno.test("A view keeps its tensor's memory when the tensor itself is forgotten", async () => {
  const view = DeviceTensor.from(float32([4], [1, 2, 3, 4])).data;
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 0));
    // Another tensor of that size would take the memory if it were free.
    DeviceTensor.from(float32([4], [9, 9, 9, 9]))[Symbol.dispose]();
  }
  assertEquals(view, Float32Array.of(1, 2, 3, 4));
});
