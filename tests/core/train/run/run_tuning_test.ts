import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ProcessGroup } from "../../../../core/distributed/mod.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { conv } from "../../../../core/engine/ops/conv.ts";
import type { ConvProblem } from "../../../../core/engine/ops/convolution/problem.ts";
import { observeConvolutions } from "../../../../core/engine/ops/convolution/tuning.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import { resolveConfiguration } from "../../../../core/method/resolve_configuration.ts";
import { RunRanks } from "../../../../core/train/run/run_ranks.ts";
import { checkSameKind, runTuning } from "../../../../core/train/run/run_tuning.ts";
import type { TrainOptions } from "../../../../core/train/run/train_options.ts";
import { inFolder } from "../../../in_folder.ts";

const TARGET = { device: CPU, threads: 1 };

/** The convolutions of a graph that has one. */
const convolutions: ConvProblem[] = [];
observeConvolutions((problem) => convolutions.push(problem), () => {
  const x = input("x", "float32", [1, 2, 5, 5]);
  return conv(x, input("w", "float32", [2, 2, 3, 3]), { pads: 1 });
});

/** Chooses the formulations of a run whose folder is to be `folder/run`. */
function tuningOf(folder: string, autotune: boolean, begun?: unknown) {
  const run = {
    configuration: resolveConfiguration({ autotune }),
    output: join(folder, "run"),
  } as TrainOptions;
  return runTuning(run, TARGET, convolutions, begun);
}

Deno.test("runTuning() times nothing unless it is asked to, and keeps what it times beside the run", () =>
  inFolder(async (folder) => {
    const table = join(folder, "convolutions.json");
    const plain = await tuningOf(folder, false);
    assertEquals([plain.provider, plain.choices, existsSync(table)], ["cpu", {}, false]);
    const timed = await tuningOf(folder, true);
    assertEquals([Object.keys(timed.choices!).length, existsSync(table)], [1, true]);
  }));

Deno.test("runTuning() keeps what a run began with, timed or not", () =>
  inFolder(async (folder) => {
    const plain = await tuningOf(folder, false);
    assertEquals(await tuningOf(folder, true, JSON.parse(JSON.stringify(plain))), plain);
    assertEquals([...Deno.readDirSync(folder)], []);
    const timed = await tuningOf(folder, true);
    assertEquals(await tuningOf(folder, false, JSON.parse(JSON.stringify(timed))), timed);
  }));

Deno.test("runTuning() chooses anew where a run began on another device, or on other kernels", () =>
  inFolder(async (folder) => {
    const [plain, timed] = [await tuningOf(folder, false), await tuningOf(folder, true)];
    for (const begun of [{ ...timed, provider: "cuda" }, { ...timed, channelBlock: 3 }]) {
      assertEquals(await tuningOf(folder, false, begun), plain);
      assertEquals(await tuningOf(folder, true, begun), timed);
    }
  }));

Deno.test("runTuning() refuses formulations that there are not", () =>
  inFolder(async (folder) => {
    const timed = await tuningOf(folder, true);
    const choices = { any: { forward: "magic" } };
    await assertRejects(
      () => tuningOf(folder, false, { ...timed, choices }),
      SyntaxError,
      'found "magic"',
    );
  }));

Deno.test("checkSameKind() refuses processes whose devices' formulations differ", async () => {
  const ranksWith = (others: (own: string) => string[]) => {
    const group: Pick<ProcessGroup, "rank" | "size" | "allGatherValues"> = {
      ...{ rank: 0, size: 3 },
      allGatherValues: <T>(own: T) => Promise.resolve([own, ...others(`${own}`) as T[]]),
    };
    return new RunRanks(group as ProcessGroup);
  };
  await checkSameKind(new RunRanks(undefined), TARGET);
  await checkSameKind(ranksWith((own) => [own, own]), TARGET);
  for (const other of ["cuda", "cpu with 4 channels in a block"]) {
    const error = await assertRejects(
      () => checkSameKind(ranksWith((own) => [own, other]), TARGET),
      TypeError,
    );
    assertMatch(
      error.message,
      /must compute on the same kind of device, found cpu with \d+ channels/,
    );
    assertStringIncludes(error.message, `on rank 0 and ${other} on rank 2;`);
  }
});
