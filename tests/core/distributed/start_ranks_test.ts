import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { mustStartRanks, startRanks } from "../../../core/distributed/mod.ts";
import { inFolder } from "../../in_folder.ts";
import { mpirunFolder, testMpi } from "../../mpirun.ts";

const PROGRAM = new URL("./programs/start_ranks.ts", import.meta.url);

/** The program with a `mpirun` of its own, and what it may do. */
function program(folder: string, what: string): Deno.Command {
  const permissions = ["--allow-run=mpirun", "--allow-env", "--allow-read", "--allow-write"];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...permissions, PROGRAM.href, what],
    env: {
      PATH: `${folder}:${Deno.env.get("PATH")}`,
      LD_LIBRARY_PATH: "/nowhere",
      OMP_NUM_THREADS: "1",
      NO_COLOR: "1",
    },
    ...{ stdin: "null", stdout: "piped", stderr: "piped" },
  });
}

const DECODER = new TextDecoder();

testMpi(
  "startRanks() starts processes that find each other, and has their code",
  (kind) =>
    inFolder(async (folder) => {
      await mpirunFolder(kind, folder);
      for (const [what, code] of [["add", 0], ["fail", 3]] as const) {
        const { stdout, stderr } = await program(folder, what).output();
        const lines = DECODER.decode(stdout).trim().split(/\r?\n/);
        const sum = "sum 3, libraries end in /nowhere";
        assertEquals(lines, [sum, sum, `code ${code}`], DECODER.decode(stderr));
      }
    }),
);

testMpi("startRanks() tells all ranks to stop", (kind) =>
  inFolder(async (folder) => {
    await mpirunFolder(kind, folder);
    const { stdout, stderr } = await program(folder, "wait").output();
    const lines = DECODER.decode(stdout).trim().split(/\r?\n/);
    assertEquals(
      lines.slice(2),
      ["told to stop", "told to stop", "code 0"],
      DECODER.decode(stderr),
    );
  }));

Deno.test("startRanks() says what to install where mpirun is missing, or is another kind's", () =>
  inFolder(async (folder) => {
    const options = { ranks: 4, program: PROGRAM, permissions: [], args: [] };
    const path = Deno.env.get("PATH");
    Deno.env.set("PATH", folder);
    try {
      const missing = "Cannot start 4 processes: they are started by mpirun, found none in PATH; " +
        "install Open MPI (Debian, Ubuntu: apt-get install openmpi-bin libopenmpi-dev) or MPICH";
      await assertRejects(() => startRanks(options), Error, missing);
      const text = '#!/bin/sh\necho "Intel(R) MPI Library for Linux* OS, Version 2021.9"\n';
      await Deno.writeTextFile(join(folder, "mpirun"), text, { mode: 0o755 });
      const other = "mpirun must be Open MPI's or MPICH's, found \"Intel(R) MPI Library";
      await assertRejects(() => startRanks(options), TypeError, other);
    } finally {
      Deno.env.set("PATH", path!);
    }
  }));

Deno.test("mustStartRanks() starts none within a launcher's processes", () => {
  const started = { OMPI_COMM_WORLD_RANK: "2", OMPI_COMM_WORLD_SIZE: "4" };
  const read = (name: string) => ({ ...started } as Record<string, string>)[name];
  assertEquals([0, 1, 4].map((workers) => mustStartRanks(workers, () => undefined)), [
    false,
    false,
    true,
  ]);
  assertEquals([0, 4].map((workers) => mustStartRanks(workers, read)), [false, false]);
  const { message } = assertThrows(() => mustStartRanks(2, read), TypeError);
  assertStringIncludes(message, "found 4 that Open MPI's mpirun has started; leave it out");
});
