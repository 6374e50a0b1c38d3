/**
 * The batch script of a training, with programs that take the place of Slurm's and Deno's.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { main } from "../../tasks/train.ts";
import { withFolder } from "../core/backbones/clip_golden.ts";

const SCRIPT = new URL("../../configs/slurm/train.sbatch", import.meta.url).pathname;

function hasBash(): boolean {
  try {
    return new Deno.Command("bash", { args: ["-c", "exit 0"] }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The script with programs that take the place of others, which say what they are called with. */
async function submit(
  path: (name: string) => string,
  srun: string,
  args: readonly string[] = ["--data", "my photos"],
): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  const say = '#!/bin/sh\nprintf "%s\\n" "${0##*/}" "$@"\n';
  await Deno.writeTextFile(path("srun"), `${say}${srun}\n`, { mode: 0o755 });
  await Deno.writeTextFile(path("scontrol"), say, { mode: 0o755 });
  await Deno.writeTextFile(path("scancel"), `${say}touch "${path("told")}"\n`, { mode: 0o755 });
  const { code, stdout } = await new Deno.Command("bash", {
    args: [SCRIPT, path("a run"), ...args],
    env: {
      PATH: `${path(".")}:${Deno.env.get("PATH")}`,
      ...{ SLURM_JOB_ID: "7", SLURM_CPUS_PER_TASK: "4", MPI: "pmi2" },
    },
  }).output();
  return { code, lines: new TextDecoder().decode(stdout).trim().split("\n") };
}

/** What srun is called with. */
const SRUN = ["srun", "--mpi=pmi2", "--kill-on-bad-exit=1", "--cpus-per-task=4", "deno", "task"];

Deno.test({
  name: "train.sbatch begins a run, resumes one that is there, and ends with its exit code",
  ignore: !hasBash(),
  fn: () =>
    withFolder(async (path) => {
      const train = ["train", "--output", path("a run"), "--data", "my photos"];
      assertEquals(await submit(path, ""), { code: 0, lines: [...SRUN, ...train] });
      await Deno.mkdir(path("a run"));
      await Deno.writeTextFile(path("a run/configuration.json"), "{}");
      const resumed = [...SRUN, ...train, "--resume", "latest"];
      assertEquals(await submit(path, "exit 3"), { code: 3, lines: resumed });
    }),
});

Deno.test({
  name: "train.sbatch tells all processes that the time is nearly up, waits, and requeues the job",
  ignore: !hasBash(),
  fn: () =>
    withFolder(async (path) => {
      // The script's own process is signalled, as Slurm does it.
      const wait = `kill -USR1 $PPID; while [ ! -e "${
        path("told")
      }" ]; do sleep 0.05; done; echo saved`;
      const { code, lines } = await submit(path, wait);
      assertEquals(code, 0);
      assertEquals(lines.slice(SRUN.length + 5), [
        ...["scancel", "--signal=TERM", "7", "saved"],
        ...["scontrol", "requeue", "7"],
      ]);
    }),
});

Deno.test({
  name: "what train.sbatch runs are options of the task",
  ignore: !hasBash(),
  fn: () =>
    withFolder(async (path) => {
      const { lines } = await submit(path, "", ["byol", "--batch-size", "64", "--workers", "-1"]);
      const [name, ...args] = lines.slice(SRUN.length);
      assertEquals(name, "train");
      // All is understood but the last, which is out of range: nothing is started.
      await assertRejects(() => main(args), TypeError, "--workers must be >= 0, found -1");
    }),
});
