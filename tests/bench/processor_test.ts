import { assertEquals } from "@std/assert";
import { describeProcessor } from "../../bench/processor.ts";

Deno.test("describeProcessor() names the model and its vector extensions", () => {
  const cpuinfo =
    "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu avx avx2 avx512f avx512_vnni\n\nprocessor\t: 1\n";
  assertEquals(describeProcessor(cpuinfo, 2), "AMD EPYC, 2 cores, avx2, avx512f, avx512_vnni");
  assertEquals(
    describeProcessor("", 4),
    "unknown processor, 4 cores, no vector extensions that are known",
  );
});
