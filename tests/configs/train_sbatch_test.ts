/**
 * The batch script of a training, with programs that take the place of Slurm's and Deno's.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
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

Deno.test({
  name: "train.sbatch begins a run, and resumes one that is there",
  ignore: !hasBash(),
  fn: () =>
    withFolder(async (path) => {
      await Deno.writeTextFile(path("srun"), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
      const submit = async () => {
        const { success, stdout } = await new Deno.Command("bash", {
          args: [SCRIPT, path("a run"), "--data", "my photos"],
          env: { PATH: `${path(".")}:${Deno.env.get("PATH")}` },
        }).output();
        assertEquals(success, true);
        return new TextDecoder().decode(stdout).trim().split("\n");
      };
      const train = ["deno", "task", "train", "--output", path("a run"), "--data", "my photos"];
      assertEquals(await submit(), train);
      await Deno.mkdir(path("a run"));
      await Deno.writeTextFile(path("a run/configuration.json"), "{}");
      assertEquals(await submit(), [...train, "--resume", "latest"]);
    }),
});
