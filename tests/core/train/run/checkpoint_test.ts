import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { float32, type Tensor } from "../../../../core/engine/graph/tensor.ts";
import {
  findCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  saveCheckpoint,
} from "../../../../core/train/run/checkpoint.ts";

function sources(step: number, weight: Tensor) {
  return {
    state: {
      version: 1 as const,
      method: "test",
      step,
      epoch: step / 10,
      samples: 80,
      configuration: {},
    },
    model: [["weight", weight]] as const,
    optimizer: [["momentum.weight", weight]] as const,
  };
}

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
    assertEquals(await findCheckpoint(folder, "latest"), join(folder, "step-000000030"));
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
    await assertRejects(() => loadCheckpoint(folder), Deno.errors.NotFound, "it has no state.json");
    const path = await saveCheckpoint(folder, sources(10, float32([], [1])), 2);
    await Deno.writeTextFile(join(path, "state.json"), '{"version": 1,');
    await assertRejects(() => loadCheckpoint(path), SyntaxError, "state.json");
    await Deno.writeTextFile(join(path, "state.json"), '{"version": 7}');
    await assertRejects(() => loadCheckpoint(path), TypeError, "found version 7");
  }));

Deno.test("findCheckpoint() finds none where a run was killed before its first", () =>
  inFolder(async (folder) => {
    assertEquals(await findCheckpoint(folder, "latest"), undefined);
    assertEquals(await findCheckpoint(folder, "runs/a/step-1"), "runs/a/step-1");
  }));
