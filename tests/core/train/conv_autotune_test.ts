import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { input } from "../../../core/engine/graph/value.ts";
import { conv } from "../../../core/engine/ops/conv.ts";
import { CPU } from "../../../core/engine/ort/mod.ts";
import { autotune, deviceTuning } from "../../../core/train/conv_autotune.ts";

const build = () => {
  const x = input("x", "float32", [2, 8, 9, 9]);
  return conv(x, input("w", "float32", [8, 8, 3, 3]), { pads: 1 });
};

Deno.test("autotune() times every convolution once and remembers the fastest formulations", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const cache = join(folder, "convolutions.json");
    const asked: number[] = [];
    const target = { device: CPU, threads: 1 };
    const first = await autotune(build, target, cache, (_, total) => asked.push(total));
    assertEquals(asked, [1]);
    const [choice] = Object.values(first.choices!);
    assert(choice?.forward && choice.inputGradient && choice.weightGradient);

    const again = await autotune(build, target, cache, (_, total) => asked.push(total));
    assertEquals(asked, [1]);
    assertEquals(again, first);

    await Deno.writeTextFile(cache, "{}");
    await assertRejects(() => autotune(build, target, cache), SyntaxError);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("deviceTuning() finds how many channels this CPU's kernels block together", async () => {
  const { channelBlock } = await deviceTuning({ device: CPU });
  assert([1, 4, 8, 16].includes(channelBlock!), `found ${channelBlock}`);
});
