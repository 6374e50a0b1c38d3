import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { input } from "../../../../core/engine/graph/value.ts";
import { conv } from "../../../../core/engine/ops/conv.ts";
import type { ConvProblem } from "../../../../core/engine/ops/convolution/problem.ts";
import { observeConvolutions } from "../../../../core/engine/ops/convolution/tuning.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import { autotune, deviceTuning } from "../../../../core/train/step/conv_autotune.ts";

/** The convolutions of a graph that has one. */
const convolutions: ConvProblem[] = [];
observeConvolutions((problem) => convolutions.push(problem), () => {
  const x = input("x", "float32", [2, 8, 9, 9]);
  return conv(x, input("w", "float32", [8, 8, 3, 3]), { pads: 1 });
});

Deno.test("autotune() times every convolution once and remembers the fastest formulations", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const cache = join(folder, "convolutions.json");
    const asked: number[] = [];
    const target = { device: CPU, threads: 1 };
    const first = await autotune(convolutions, target, cache, (_, total) => asked.push(total));
    assertEquals(asked, [1]);
    const [choice] = Object.values(first.choices!);
    assert(choice?.forward && choice.inputGradient && choice.weightGradient);

    const again = await autotune(convolutions, target, cache, (_, total) => asked.push(total));
    assertEquals(asked, [1]);
    assertEquals(again, first);

    await Deno.writeTextFile(cache, "{}");
    await assertRejects(() => autotune(convolutions, target, cache), SyntaxError);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("autotune() reuses no choices of other threads, another device, processor or ONNX Runtime", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const cache = join(folder, "convolutions.json");
    /** Convolutions that are timed. */
    const timed = async (threads?: number) => {
      let count = 0;
      const target = { device: CPU, threads };
      await autotune(convolutions, target, cache, () => count++);
      return count;
    };
    assertEquals([await timed(1), await timed(1)], [1, 0]);
    assertEquals([await timed(2), await timed(2)], [1, 0]);
    assertEquals([await timed(), await timed()], [1, 0]);
    const others = [
      ["onnxruntime", "1.17.0"],
      ["device", "cuda:0"],
      ["hardware", "another processor"],
    ] as const;
    for (const [name, other] of others) {
      const table = JSON.parse(await Deno.readTextFile(cache));
      assert(Object.hasOwn(table.measuredOn, name), name);
      table.measuredOn[name] = other;
      await Deno.writeTextFile(cache, JSON.stringify(table));
      assertEquals([await timed(), await timed()], [1, 0], name);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("deviceTuning() finds how many channels this CPU's kernels block together", async () => {
  const { channelBlock } = await deviceTuning({ device: CPU });
  assert([1, 4, 8, 16].includes(channelBlock!), `found ${channelBlock}`);
});
