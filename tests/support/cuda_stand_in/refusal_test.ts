/**
 * A device that computes wrongly is refused by whatever asks for it: the stand-in for CUDA computes nothing, and so all that
 * is tried on it is wrong, but for copies, which are real.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { trialsFor } from "../../../core/engine/ort/self_test/operator_trials.ts";
import { buildStandIn } from "../../../support/cuda_stand_in/build.ts";
import { denoFolder } from "../../deno_folder.ts";
import { inFolder } from "../../in_folder.ts";
import { FOLDER, NEEDED } from "./needed.ts";

const CLI = new URL("../../../cli.ts", import.meta.url).pathname;
const GENERATOR = new URL("../../../fixtures/generator", import.meta.url).pathname;

/** Tasks, one for each way to a device: `trustDevice` of a training, `openRankPlacement`, `openDevice`. */
const TASKS: readonly (readonly string[])[] = [
  ["train", "--preset", "demo", "--output"],
  ["extract-features", "--input-list", GENERATOR, "--output-dir"],
  ["generator", "sample", GENERATOR, "--output"],
];

/** What a task says on the stand-in, which it must not finish. */
async function refusalOf(task: readonly string[], folder: string): Promise<string> {
  const { libraries, runtime } = await buildStandIn(FOLDER);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", CLI, ...task, join(folder, "output"), "--device", "cuda"],
    env: {
      NO_COLOR: "1",
      LD_LIBRARY_PATH: libraries,
      GENVIEW_ORT_LIBRARY: runtime,
      // A GPU that was right would be remembered in the user's.
      XDG_CACHE_HOME: join(folder, "cache"),
      DENO_DIR: await denoFolder(),
    },
  }).output();
  const said = new TextDecoder().decode(stderr);
  assert(code !== 0, said);
  return said;
}

for (const task of TASKS) {
  Deno.test({
    name: `${task[0]} refuses a CUDA device that computes wrongly by what is wrong${NEEDED.why}`,
    ignore: NEEDED.ignore,
    fn: () =>
      inFolder(async (folder) => {
        const said = await refusalOf(task, folder);
        assertStringIncludes(said, "Cannot use cuda:0: it must compute as the CPU does");
        const right = trialsFor({ provider: "cuda" }).map(({ name }) => name)
          .filter((name) => !said.includes(` ${name} (`));
        assertEquals(right, ["Identity"], said);
        await assertRejects(() => Deno.stat(join(folder, "output")), Deno.errors.NotFound);
        await assertRejects(() => Deno.stat(join(folder, "cache/genview")), Deno.errors.NotFound);
      }),
  });
}
