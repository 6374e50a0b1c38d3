import { assert } from "@std/assert";
import { DeviceTensor } from "../../../../core/engine/ort/device_tensor.ts";
import { returnLargeBlocks } from "../../../../core/engine/ort/host_allocator.ts";

Deno.test({
  name: "returnLargeBlocks() makes freed blocks of 8 MiB leave the process",
  ignore: Deno.build.os !== "linux",
  fn() {
    returnLargeBlocks();
    const type = { dtype: "uint8", shape: [8 << 20] } as const;
    // Left to itself, glibc takes the second round from its heap and keeps it there.
    for (let round = 0; round < 2; round++) {
      const before = Deno.memoryUsage().rss;
      const tensors = Array.from({ length: 12 }, () => DeviceTensor.empty(type));
      for (const tensor of tensors) tensor.data.fill(1);
      // Freed in the order of allocation, with the last one kept, the heap could not be trimmed.
      using last = tensors.pop()!;
      for (const tensor of tensors) tensor[Symbol.dispose]();
      const grown = (Deno.memoryUsage().rss - before) / 2 ** 20;
      assert(last.data.length > 0);
      assert(grown < 48, `round ${round}: ${grown.toFixed(0)} of 96 MiB stayed`);
    }
  },
});
