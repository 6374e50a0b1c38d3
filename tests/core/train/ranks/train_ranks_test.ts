import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readJsonLines } from "../../../../core/files/json_lines.ts";
import { readDescription } from "../../../../core/train/run/run_description.ts";
import { train } from "../../../../core/train/run/train.ts";
import { loadCheckpoint } from "../../../../core/weights/checkpoint/checkpoint.ts";
import { listCheckpoints } from "../../../../core/weights/checkpoint/list.ts";
import { inFolder } from "../../../in_folder.ts";
import { testMpi } from "../../../mpirun.ts";
import { finalState } from "../run/final_state.ts";
import { trainWell } from "./rank_runs.ts";
import { tinyRun } from "./tiny_run.ts";

/** Lines of a log by what of them is the same on any number of ranks. */
async function logged(folder: string, names: readonly string[]): Promise<number[][]> {
  const lines = await readJsonLines(join(folder, "steps.jsonl"));
  return lines.map((line) => names.map((name) => Number(line[name])));
}

/** @param left tensors that are not compared */
async function assertNearRun(
  found: string,
  expected: string,
  names: readonly string[],
  left?: RegExp,
): Promise<void> {
  const steps = await logged(found, names);
  const others = await logged(expected, names);
  assertEquals(steps.length, others.length);
  steps.forEach((values, i) =>
    values.forEach((value, k) => {
      const other = others[i]![k]!;
      assert(
        Math.abs(value - other) <= 1e-5 * Math.max(1, Math.abs(other)),
        `${names[k]} of step ${i + 1}: ${value} for ${other}`,
      );
    })
  );
  const modelOf = async (folder: string) => {
    const last = (await listCheckpoints(join(folder, "checkpoints"))).at(-1)!;
    return (await loadCheckpoint(last.path)).model;
  };
  const other = await modelOf(expected);
  for (const [name, { data }] of await modelOf(found)) {
    if (left?.test(name)) continue;
    const values = other.get(name)!.data;
    data.forEach((value, i) =>
      assert(
        Math.abs(Number(value) - Number(values[i])) < 1e-5,
        `${name}[${i}]: ${value} for ${values[i]}`,
      )
    );
  }
}

const NAMES = ["loss", "spread", "gradientNorm", "learningRate", "last"];

testMpi(
  "train() on 2 ranks takes the steps of one process, with batch norm of all samples",
  (kind) =>
    inFolder(async (folder) => {
      const [ranks, one] = [join(folder, "ranks"), join(folder, "one")];
      const changes = { batchNorm: true };
      await trainWell(kind, 2, { output: ranks, changes });
      await train(tinyRun(one, changes));
      await assertNearRun(ranks, one, NAMES);
      const evaluated = (await readJsonLines(join(ranks, "epochs.jsonl"))).map(({ ranks }) =>
        ranks
      );
      assertEquals(evaluated, [2, 2, 2, 2, 2]);
    }),
);

testMpi(
  "train() on 4 ranks takes the steps of one process, past images that cannot be read, and weights pairs of all",
  (kind) =>
    inFolder(async (folder) => {
      const [ranks, one] = [join(folder, "ranks"), join(folder, "one")];
      const changes = { weighted: true, torn: 5 };
      const stdout = await trainWell(kind, 4, { output: ranks, changes });
      await train(tinyRun(one, changes));
      await assertNearRun(ranks, one, [...NAMES, "foregroundSimilarity", "largestPairWeight"]);
      const skipped = async (run: string) =>
        (await readJsonLines(join(run, "epochs.jsonl"))).map(({ skipped }) => skipped);
      assertEquals(await skipped(ranks), await skipped(one));
      // Whoever meets it says so.
      assert(/warning: (rank \d: )?Skipped the image "torn"/.test(stdout), stdout);
    }),
  ["openmpi"],
);

testMpi(
  "train() by micro-batches on 2 ranks takes the steps of one process",
  (kind) =>
    inFolder(async (folder) => {
      const [ranks, one] = [join(folder, "ranks"), join(folder, "one")];
      const changes = { configuration: { deviceBatchSize: 2 } };
      await trainWell(kind, 2, { output: ranks, changes });
      await train(tinyRun(one, changes));
      await assertNearRun(ranks, one, NAMES);
    }),
  ["openmpi"],
);

testMpi(
  "train() on 2 ranks with plain batch norm takes the steps of one process on halves",
  (kind) =>
    inFolder(async (folder) => {
      const [ranks, one] = [join(folder, "ranks"), join(folder, "one")];
      const plain = { syncBatchNorm: false };
      await trainWell(kind, 2, {
        output: ranks,
        changes: { batchNorm: true, configuration: plain },
      });
      const halves = { ...plain, deviceBatchSize: 4 };
      await train(tinyRun(one, { batchNorm: true, configuration: halves }));
      // One process moves these once for each of its micro-batches.
      await assertNearRun(ranks, one, NAMES, /running_|num_batches_tracked/);
    }),
  ["openmpi"],
);

testMpi(
  "train() goes on from 4 ranks on 2 and on one, as if it had been one all along",
  (kind) =>
    inFolder(async (folder) => {
      const [parts, one] = [join(folder, "parts"), join(folder, "one")];
      await trainWell(kind, 4, { output: parts, stopAfter: 2 });
      const { step } = await finalState(parts);
      assertEquals(step, 2);
      const second = await trainWell(kind, 2, { output: parts, resume: "latest", stopAfter: 7 });
      assertEquals((await readDescription(parts)).ranks, 2);
      assertStringIncludes(
        second,
        "warning: resumed on 2 processes, begun on 4: batches are still of 8 images",
      );
      const warnings: string[] = [];
      await train({
        ...tinyRun(parts),
        resume: "latest",
        report: (event) => void (event.kind === "warning" && warnings.push(event.message)),
      });
      assertStringIncludes(warnings.join(), "resumed on 1 process, begun on 2");
      await train(tinyRun(one));
      await assertNearRun(parts, one, NAMES);
    }),
  ["openmpi"],
);

testMpi(
  "train() on 2 ranks resumes within an epoch bit for bit",
  (kind) =>
    inFolder(async (folder) => {
      const [parts, whole] = [join(folder, "parts"), join(folder, "whole")];
      const run = { changes: { batchNorm: true } };
      await trainWell(kind, 2, { ...run, output: whole });
      await trainWell(kind, 2, { ...run, output: parts, stopAfter: 4 });
      await trainWell(kind, 2, { ...run, output: parts, resume: "latest" });
      assertEquals(await finalState(parts), await finalState(whole));
    }),
);

testMpi(
  "train() in float16 on 2 ranks skips the steps that one process does, and learns alike",
  (kind) =>
    inFolder(async (folder) => {
      const [ranks, one] = [join(folder, "ranks"), join(folder, "one")];
      const changes = {
        configuration: { precision: "float16", learningRate: 1e-2, lossScale: 2 ** 13 },
      } as const;
      await trainWell(kind, 2, { output: ranks, changes });
      await train(tinyRun(one, changes));
      const skipped = (await logged(ranks, ["skippedSteps"])).flat();
      assertEquals(skipped, (await logged(one, ["skippedSteps"])).flat());
      assert(skipped.at(-1)! > 0 && skipped.at(-1)! < skipped.length / 2, `${skipped}`);
      const expected = (await logged(one, ["loss"])).flat();
      (await logged(ranks, ["loss"])).flat().forEach((loss, i) =>
        assert(Math.abs(loss - expected[i]!) < 5e-3, `loss ${i}: ${loss} for ${expected[i]}`)
      );
    }),
  ["openmpi"],
);
