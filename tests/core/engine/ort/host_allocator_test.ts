import { assertEquals } from "@std/assert";

/** Two rounds of large tensors; prints how many MiB of each stayed in the process. */
const program = (root: string) => `
import { DeviceTensor } from "${root}core/engine/ort/device_tensor.ts";
import { returnLargeBlocks } from "${root}core/engine/ort/host_allocator.ts";

returnLargeBlocks();
const type = { dtype: "uint8", shape: [8 << 20] } as const;
// The library itself, which the first tensor loads, is not counted.
DeviceTensor.empty(type)[Symbol.dispose]();
const stayed = [];
// Left to itself, glibc takes the second round from its heap and keeps it there.
for (let round = 0; round < 2; round++) {
  const before = Deno.memoryUsage().rss;
  const tensors = Array.from({ length: 12 }, () => DeviceTensor.empty(type));
  for (const tensor of tensors) tensor.data.fill(1);
  // Freed in the order of allocation, with the last one kept, the heap could not be trimmed.
  using last = tensors.pop()!;
  for (const tensor of tensors) tensor[Symbol.dispose]();
  stayed.push((Deno.memoryUsage().rss - before) / 2 ** 20);
  last.data[0] = 2;
}
console.log(JSON.stringify(stayed));
`;

Deno.test({
  name: "returnLargeBlocks() makes freed blocks of 8 MiB leave the process",
  ignore: Deno.build.os !== "linux",
  // In a process of its own: what other tests allocate and free would be counted.
  async fn() {
    const root = new URL("../../../../", import.meta.url).href;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--ext=ts", program(root)],
    }).output();
    const text = new TextDecoder();
    assertEquals(code, 0, text.decode(stderr));
    const stayed: number[] = JSON.parse(text.decode(stdout));
    assertEquals(stayed.filter((mebibytes) => mebibytes >= 48), [], `of 96 MiB: ${stayed}`);
  },
});
