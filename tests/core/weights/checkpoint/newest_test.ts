import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { saveCheckpoint } from "../../../../core/weights/checkpoint/checkpoint.ts";
import { loadNewestCheckpoint, setAside } from "../../../../core/weights/checkpoint/newest.ts";
import { checkpointSources } from "./checkpoint_sources.ts";
import { inFolder } from "../../../in_folder.ts";

function save(folder: string, step: number): Promise<string> {
  return saveCheckpoint(folder, checkpointSources(step, float32([], [step])), 9);
}

/** Cuts the last byte off a file. */
async function tear(path: string): Promise<void> {
  await Deno.truncate(path, (await Deno.stat(path)).size - 1);
}

Deno.test("loadNewestCheckpoint() passes over damaged checkpoints and says why", () =>
  inFolder(async (folder) => {
    assertEquals(await loadNewestCheckpoint(join(folder, "none")), undefined);
    for (const step of [10, 20, 30, 40, 50]) await save(folder, step);
    await tear(join(folder, "step-000000030", "model.safetensors"));
    await Deno.remove(join(folder, "step-000000040", "state.json"));
    await tear(join(folder, "step-000000050", "state.json"));
    const { checkpoint, path, passedOver } = (await loadNewestCheckpoint(folder))!;
    assertEquals([checkpoint.state.step, path], [20, join(folder, "step-000000020")]);
    assertEquals(
      passedOver.map(({ path }) => path),
      [50, 40, 30].map((step) => join(folder, `step-0000000${step}`)),
    );
    const reasons = passedOver.map(({ reason }) => reason);
    assertStringIncludes(reasons[0]!, "SHA-256");
    assertStringIncludes(reasons[1]!, "it has no state.json");
    assertStringIncludes(reasons[2]!, "model.safetensors must have the SHA-256");
  }));

Deno.test("loadNewestCheckpoint() names all checkpoints where none is whole", () =>
  inFolder(async (folder) => {
    for (const step of [10, 20]) await tear(join(await save(folder, step), "model.safetensors"));
    await assertRejects(() => loadNewestCheckpoint(folder), Error, "all are damaged");
  }));

Deno.test("loadNewestCheckpoint() takes no older checkpoint where the system refuses to read one", () =>
  inFolder(async (folder) => {
    for (const step of [10, 20]) await save(folder, step);
    // The rights of files do not keep every user from reading them.
    const read = Deno.readTextFile;
    Deno.readTextFile = (path) =>
      String(path).includes("step-000000020")
        ? Promise.reject(Object.assign(new Deno.errors.PermissionDenied(), { code: "EACCES" }))
        : read(path);
    try {
      await assertRejects(() => loadNewestCheckpoint(folder), Error, "permission is denied");
    } finally {
      Deno.readTextFile = read;
    }
  }));

Deno.test("setAside() frees the step's name, more than once", () =>
  inFolder(async (folder) => {
    for (let time = 0; time < 2; time++) {
      const path = await save(folder, 10);
      assertEquals(await setAside({ path, reason: "torn" }), `${path}.damaged`);
    }
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assertEquals(names, ["step-000000010.damaged"]);
    assert(await loadNewestCheckpoint(folder) === undefined);
  }));
