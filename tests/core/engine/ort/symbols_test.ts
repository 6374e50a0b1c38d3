import { assert, assertEquals } from "@std/assert";
import { ORT_API } from "../../../../core/engine/ort/symbols.ts";

// The struct's order, from the declarations in onnxruntime_c_api.h: a sample that spans all of it, written down apart
// from the table. A wrong slot would call another function with the wrong arguments.
const ANCHORS = {
  GetErrorCode: 1,
  CreateEnv: 3,
  Run: 9,
  CreateTensorAsOrtValue: 48,
  CreateCpuMemoryInfo: 69,
  GetAllocatorWithDefaultOptions: 78,
  ReleaseEnv: 92,
  ReleaseStatus: 93,
  ReleaseSessionOptions: 100,
  GetAvailableProviders: 125,
  RunWithBinding: 133,
  BindOutput: 137,
  AddRunConfigEntry: 165,
  SynchronizeBoundOutputs: 203,
  SessionOptionsAppendExecutionProvider: 216,
} as const;

Deno.test("ORT_API places functions where the struct has them", () => {
  for (const [name, slot] of Object.entries(ANCHORS)) {
    assertEquals(ORT_API[name as keyof typeof ORT_API].slot, slot, name);
  }
});

Deno.test("ORT_API is in the order of the struct", () => {
  const slots = Object.values(ORT_API).map((definition) => definition.slot);
  assertEquals(slots, slots.toSorted((a, b) => a - b));
});

Deno.test("ORT_API has one slot for each function, but for those called on either thread", () => {
  const byslot = Object.groupBy(
    Object.keys(ORT_API),
    (name) => String(ORT_API[name as keyof typeof ORT_API].slot),
  );
  for (const names of Object.values(byslot)) {
    assert(new Set(names!.map((name) => name.replace(/Sync$/, ""))).size === 1, names!.join());
  }
});
