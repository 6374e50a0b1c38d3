import { assert, assertEquals } from "@std/assert";
import { CPU } from "../../../../core/engine/ort/device.ts";
import {
  arenasOf,
  createRunOptions,
  releaseRunOptions,
} from "../../../../core/engine/ort/run_options.ts";

Deno.test("arenasOf() lists the arenas that a session has", () => {
  const cuda = { provider: "cuda", index: 2 } as const;
  assertEquals(arenasOf({}), "cpu:0");
  assertEquals(arenasOf({ device: CPU, arena: false }), "");
  assertEquals(arenasOf({ device: cuda }), "cpu:0;gpu:2");
  assertEquals(arenasOf({ device: cuda, arena: false }), "gpu:2");
});

Deno.test("createRunOptions() makes none where the defaults do", () => {
  assertEquals(createRunOptions({}, "cpu:0"), null);
  assertEquals(createRunOptions({ shrinkArena: false }, "cpu:0"), null);
  assertEquals(createRunOptions({ shrinkArena: true }, ""), null);
  const pointer = createRunOptions({ shrinkArena: true }, "cpu:0");
  assert(pointer !== null);
  releaseRunOptions(pointer);
});
