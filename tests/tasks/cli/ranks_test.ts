import { assert, assertEquals } from "@std/assert";
import { testMpi } from "../../mpirun.ts";
import { inFolder } from "../../in_folder.ts";
import { mpirunTask } from "../rank_task.ts";

testMpi("what ends a task's ranks is said in one line, behind the rank", async (kind) => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/list.txt`, `${folder}/none.png\n`);
    const { code, stderr } = await mpirunTask(kind, 2, "fg-ratio", [
      ...["--input-list", `${folder}/list.txt`, "--input-dir", folder, "--output-dir", folder],
      // Deno reads nothing of it without all permissions, and its error is none of this library's.
      ...["--pca-vectors", "/proc/self/environ", "--fg-thre", "0"],
    ]);
    assertEquals(code, 1);
    assert(
      /^rank \d of 2: Cannot continue: it requires all access to "\/proc/m.test(stderr),
      stderr,
    );
    assert(!stderr.includes("    at "), stderr);
  });
});

testMpi("a task of one process refuses to be several", async (kind) => {
  await inFolder(async (folder) => {
    for (
      const [task, args] of [
        ["demo", ["--output", `${folder}/run`]],
        ["noise-levels", [
          "--input-file",
          `${folder}/ratios.txt`,
          "--output-dir",
          `${folder}/lists`,
        ]],
        ["variations-grid", [folder, "--output", `${folder}/grid.png`]],
      ] as const
    ) {
      const { code, stderr } = await mpirunTask(kind, 2, task, args);
      assertEquals(code, 1);
      assert(
        stderr.includes(`Cannot run "deno task ${task}": its work is one process's, found 2`),
        stderr,
      );
    }
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  });
});
