import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { inFolder } from "../in_folder.ts";
import { launchMark, processesOf } from "../launched_processes.ts";
import { mpirunFolder, testMpi } from "../mpirun.ts";
import { drawPictures } from "./square_pictures.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const DECODER = new TextDecoder();

/** A training of some seconds, as it is typed in a checkout, with a `mpirun` of its own or none. */
function train(
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Deno.Command {
  const photos = join(folder, "photos");
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["task", "--quiet", "train", "--data", photos, "--output", join(folder, "run")],
      ...["--batch-size", "4", "--image-size", "32", "--loaders", "1"],
      ...["--backbone", "clip_vit_tiny_patch8_64", "--stem", "imagenet"],
      ...["--option.projector-width", "16", "--option.predictor-width", "8", "--device", "cpu"],
      ...["--evaluate-every", "0", "--preset", "cifar", ...args],
    ],
    cwd: ROOT,
    env: { PATH: `${folder}:${Deno.env.get("PATH")}`, NO_COLOR: "1", ...environment },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

testMpi(
  "train --workers trains on as many processes, and one of them reports",
  (kind) =>
    inFolder(async (folder) => {
      await mpirunFolder(kind, folder);
      await drawPictures(join(folder, "photos"));
      const { code, stdout, stderr } = await train(folder, ["--workers", "2", "--epochs", "2"])
        .output();
      const [out, error] = [DECODER.decode(stdout), DECODER.decode(stderr)];
      assertEquals(code, 0, error);
      assertStringIncludes(error, "2 processes by ");
      assertEquals(out.split("trained 2 steps").length, 2, out);
    }),
);

testMpi("train --workers ends in order at a signal", (kind) =>
  inFolder(async (folder) => {
    await mpirunFolder(kind, folder);
    await drawPictures(join(folder, "photos"));
    const first = train(folder, ["--workers", "2", "--epochs", "1000"]).spawn();
    let seen = "";
    for await (const chunk of first.stderr.pipeThrough(new TextDecoderStream())) {
      // The line that says what is expected of the loss comes before the first step.
      if (!seen.includes("spread") && (seen += chunk).includes("spread")) first.kill("SIGTERM");
    }
    const { code } = await first.status;
    const out = await new Response(first.stdout).text();
    assertEquals(code, 0, seen);
    assertMatch(out, /^stopped after \d+ steps?; resume with: .* --resume latest\s*$/);
  }));

testMpi("train --workers says that a process was killed", (kind) =>
  inFolder(async (folder) => {
    await mpirunFolder(kind, folder);
    await drawPictures(join(folder, "photos"));
    const mark = launchMark();
    const first = train(folder, ["--workers", "2", "--epochs", "1000"], mark).spawn();
    let seen = "";
    for await (const chunk of first.stderr.pipeThrough(new TextDecoderStream())) {
      const before = seen;
      seen += chunk;
      if (before.includes("spread") || !seen.includes("spread")) continue;
      const ranks = processesOf(mark, "(OMPI_COMM_WORLD_RANK|PMI_RANK)=1");
      assertEquals(ranks.length, 1);
      ranks[0]!.kill();
    }
    await first.stdout.cancel();
    const { code } = await first.status;
    assertNotEquals(code, 0);
    assertStringIncludes(seen, "Cannot finish on 2 processes: one of them was ended by signal 9");
  }));

Deno.test("train --workers says what is wrong before it starts anything, and what to install", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "mpirun"), "#!/bin/sh\necho none\n", { mode: 0o755 });
    const { code, stderr } = await train(folder, ["--workers", "2"]).output();
    const error = DECODER.decode(stderr);
    assertEquals(code, 1);
    assertStringIncludes(
      error,
      "error: Cannot start 2 processes: mpirun must be Open MPI's or MPICH's",
    );
    assertStringIncludes(error, "apt-get install");
  }));
