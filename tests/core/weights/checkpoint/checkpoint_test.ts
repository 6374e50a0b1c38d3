import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { loadCheckpoint, saveCheckpoint } from "../../../../core/weights/checkpoint/checkpoint.ts";
import { listCheckpoints } from "../../../../core/weights/checkpoint/list.ts";
import { checkpointSources as sources } from "./checkpoint_sources.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(join(folder, "checkpoints"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("saveCheckpoint() writes what loadCheckpoint() reads", () =>
  inFolder(async (folder) => {
    const weight = float32([2, 2], [1, -2, 3.5, 0]);
    const path = await saveCheckpoint(folder, sources(20, weight), 2);
    const checkpoint = await loadCheckpoint(path);
    assertEquals(checkpoint.state.step, 20);
    assertEquals(checkpoint.model.get("weight"), weight);
    assertEquals(checkpoint.optimizer.get("momentum.weight"), weight);
  }));

Deno.test("saveCheckpoint() keeps the newest ones", () =>
  inFolder(async (folder) => {
    for (const step of [10, 20, 30]) {
      await saveCheckpoint(folder, sources(step, float32([], [1])), 2);
    }
    assertEquals((await listCheckpoints(folder)).map(({ step }) => step), [20, 30]);
  }));

Deno.test("saveCheckpoint() removes neither what it has just written nor what is of later steps", () =>
  inFolder(async (folder) => {
    for (const step of [10, 15, 7, 8, 9]) {
      const path = await saveCheckpoint(folder, sources(step, float32([], [1])), 2);
      assertEquals((await loadCheckpoint(path)).state.step, step);
    }
    assertEquals((await listCheckpoints(folder)).map(({ step }) => step), [8, 9, 10, 15]);
  }));

Deno.test("saveCheckpoint() overwrites nothing", () =>
  inFolder(async (folder) => {
    await saveCheckpoint(folder, sources(10, float32([], [1])), 2);
    await assertRejects(
      () => saveCheckpoint(folder, sources(10, float32([], [2])), 2),
      Deno.errors.AlreadyExists,
      "it exists; resume from it",
    );
  }));

Deno.test("saveCheckpoint() clears away what a killed run has left half-written", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "step-000000010.tmp"), { recursive: true });
    assertEquals(await listCheckpoints(folder), []);
    await saveCheckpoint(folder, sources(10, float32([], [1])), 2);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["step-000000010"]);
  }));

Deno.test("loadCheckpoint() says when a folder is no checkpoint or its state is damaged", () =>
  inFolder(async (folder) => {
    const missing = () => loadCheckpoint(folder);
    await assertRejects(missing, Deno.errors.NotFound, "there is no such folder");
    await Deno.mkdir(folder);
    await assertRejects(missing, Deno.errors.NotFound, "it has no state.json");
    const path = await saveCheckpoint(folder, sources(10, float32([], [1])), 2);
    await Deno.writeTextFile(join(path, "state.json"), '{"version": 1,');
    await assertRejects(() => loadCheckpoint(path), SyntaxError, "state.json");
    await Deno.writeTextFile(join(path, "state.json"), '{"version": 7}');
    await assertRejects(() => loadCheckpoint(path), TypeError, "found version 7");
  }));

Deno.test("loadCheckpoint() refuses files that have changed, and takes those without checksums", () =>
  inFolder(async (folder) => {
    const path = await saveCheckpoint(folder, sources(10, float32([2], [1, 2])), 2);
    for (const name of ["model.safetensors", "optimizer.safetensors", "state.json"]) {
      const file = join(path, name);
      const bytes = await Deno.readFile(file);
      const changed = bytes.slice();
      // The last byte of a tensor, or a blank of the JSON: the file still parses.
      changed[changed.length - 1]! ^= name === "state.json" ? 0x2a : 1;
      await Deno.writeFile(file, changed);
      await assertRejects(() => loadCheckpoint(path), SyntaxError, `${name} must have the SHA-256`);
      await Deno.writeFile(file, bytes);
    }
    await Deno.remove(join(path, "optimizer.safetensors"));
    await assertRejects(() => loadCheckpoint(path), Deno.errors.NotFound, "optimizer.safetensors");

    const old = await saveCheckpoint(folder, sources(20, float32([2], [1, 2])), 2);
    await Deno.remove(join(old, "SHA256SUMS"));
    assertEquals((await loadCheckpoint(old)).state.step, 20);
  }));

Deno.test("saveCheckpoint() writes checksums that sha256sum takes", async () => {
  const { state } = await Deno.permissions.query({ name: "run", command: "sha256sum" });
  if (state !== "granted" || Deno.build.os !== "linux") return;
  await inFolder(async (folder) => {
    const path = await saveCheckpoint(folder, sources(10, float32([2], [1, 2])), 2);
    const { code, stdout } = await new Deno.Command("sha256sum", {
      args: ["--check", "--strict", "SHA256SUMS"],
      cwd: path,
    }).output();
    const said = new TextDecoder().decode(stdout);
    assertEquals([code, said.match(/: OK/g)?.length], [0, 3], said);
  });
});

Deno.test("loadCheckpoint() refuses a state of another step than its folder's", () =>
  inFolder(async (folder) => {
    const path = await saveCheckpoint(folder, sources(10, float32([], [1])), 2);
    const moved = join(folder, "step-000000020");
    await Deno.rename(path, moved);
    await assertRejects(() => loadCheckpoint(moved), TypeError, "that of step 20, found step 10");
    // Under a name of one's own it may be any.
    await Deno.rename(moved, join(folder, "best"));
    assertEquals((await loadCheckpoint(join(folder, "best"))).state.step, 10);
  }));
