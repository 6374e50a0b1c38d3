import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { FolderLock } from "../../../../core/files/folder_lock.ts";
import { readJsonLines } from "../../../../core/files/json_lines.ts";
import { listCheckpoints } from "../../../../core/weights/checkpoint/list.ts";
import { checkNoRun, writeDescription } from "../../../../core/train/run/run_description.ts";
import { train } from "../../../../core/train/run/train.ts";
import type { TrainEvent } from "../../../../core/train/run/train_event.ts";
import { options, stopAfter } from "../small_run.ts";
import { inFolder } from "../../../in_folder.ts";

/** Runs a program; whether it could be run and ended well. */
async function run(program: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args, stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) {
      return false;
    }
    throw error;
  }
}

Deno.test("train() and its description leave nothing on a full disk, so that the run can be started later", (test) =>
  inFolder(async (folder) => {
    if (!await run("mount", "-t", "tmpfs", "-o", "size=4k", "none", folder)) {
      return void console.log(`skipped "${test.name}": it takes the right to mount a small disk`);
    }
    try {
      const filler = join(folder, "filler");
      await Deno.writeFile(filler, new Uint8Array(4096));
      await assertRejects(
        () => train(options(join(folder, "run"))),
        Error,
        "the disk is full; free some space",
      );
      const { method: { manifest }, configuration } = options(folder);
      const description = { method: manifest.name, configuration };
      await assertRejects(
        () => writeDescription(folder, description),
        Error,
        "the disk is full; free some space",
      );
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["filler"]);
      await Deno.remove(filler);
      checkNoRun(folder);
      await writeDescription(folder, description);
    } finally {
      await run("umount", folder);
    }
  }));

Deno.test("train() refuses a folder in which another one is at work, before it builds anything", () =>
  inFolder(async (output) => {
    await train({ ...options(output), ...stopAfter(1) });
    const before = await Deno.readTextFile(join(output, "steps.jsonl"));
    {
      using _lock = await FolderLock.acquire(output);
      const events: TrainEvent[] = [];
      await assertRejects(
        () =>
          train({ ...options(output), resume: "latest", report: (event) => events.push(event) }),
        Deno.errors.AlreadyExists,
        "at work there",
      );
      assertEquals(events, []);
    }
    assertEquals(await Deno.readTextFile(join(output, "steps.jsonl")), before);
    const result = await train({ ...options(output), ...stopAfter(2), resume: "latest" });
    assertEquals(result.step, 2);
  }));

Deno.test("train() resumes from the newest whole checkpoint, past damaged ones and torn lines", () =>
  inFolder(async (output) => {
    const short = options(output, { epochs: 3, keepCheckpoints: 9 });
    await train({ ...short, ...stopAfter(8) });
    const checkpoints = join(output, "checkpoints");
    assertEquals((await listCheckpoints(checkpoints)).map(({ step }) => step), [3, 6, 8]);
    for (const name of ["step-000000006", "step-000000008"]) {
      const path = join(checkpoints, name, "model.safetensors");
      await Deno.truncate(path, (await Deno.stat(path)).size - 1);
    }
    const log = join(output, "steps.jsonl");
    const lines = (await Deno.readTextFile(log)).split("\n");
    lines.splice(1, 1, "\0\0\0\0", lines[1]!);
    await Deno.writeTextFile(log, lines.join("\n"));

    const warnings: string[] = [];
    const result = await train({
      ...short,
      resume: "latest",
      report: (event) => {
        if (event.kind === "start") assertEquals(event.resumedAt, 3);
        if (event.kind === "warning") warnings.push(event.message);
      },
    });
    assertEquals([result.step, result.finished], [9, true]);
    const [newest, older, torn] = warnings;
    assertStringIncludes(newest!, join(checkpoints, "step-000000008.damaged"));
    assertStringIncludes(newest!, "must have the SHA-256");
    assertStringIncludes(older!, join(checkpoints, "step-000000006.damaged"));
    assertStringIncludes(torn!, "steps.jsonl was damaged: left out lines 2");
    assertEquals((await listCheckpoints(checkpoints)).map(({ step }) => step), [3, 6, 9]);
    assertEquals(
      (await readJsonLines(log)).map(({ step }) => step),
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
  }));
