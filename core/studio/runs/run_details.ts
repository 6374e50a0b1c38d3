/**
 * All that is shown of one run beside its curves.
 *
 * @module
 */
import type { KnownNames } from "../../train/mod.ts";
import type { Explanation, RunDetails } from "../api/runs.ts";
import { bandsOf, type Expectations, expectationsOf } from "./expectations.ts";
import { explain } from "./explanations.ts";
import { readMessages } from "./messages.ts";
import { listPictures, listRunCheckpoints } from "./run_files.ts";
import type { RunLogs } from "./run_logs.ts";
import type { KnownRun } from "./run_table.ts";

/** Steps of an epoch, by the last epoch that was logged; undefined before the first. */
function stepsPerEpoch(
  { row: { totalSteps }, described: { epochs, kind } }: KnownRun,
): number | undefined {
  if (kind === "generator" || totalSteps === undefined || epochs === undefined) return undefined;
  return totalSteps / epochs;
}

/** What the numbers of a run mean, those of its steps first. */
function explanationsOf({ row }: KnownRun, logs: RunLogs, expected: Expectations): Explanation[] {
  const { totalSteps, step, metrics } = row;
  const progress = totalSteps === undefined ? undefined : Math.min(1, step / totalSteps);
  const names = new Set([...logs.names.steps, ...logs.names.epochs]);
  return [...names].flatMap((name) => {
    const ends = logs.ends(name);
    if (ends === undefined) return [];
    const { first, last: value } = ends;
    return explain(name, { ...expected, value, first, progress, others: metrics }) ?? [];
  });
}

/**
 * All that is shown of a run.
 *
 * @param methods addresses of the bundled methods' manifests by their names
 *
 * @throws {GenviewTypeError} if one of its files is no plain one
 * @throws {GenviewError} if the system refuses
 */
export async function detailsOf(
  known: KnownRun,
  logs: RunLogs,
  methods: KnownNames["methods"],
): Promise<RunDetails> {
  const { row, described, folder } = known;
  const { damaged, names } = logs;
  const expected = await expectationsOf(folder, described.method, methods);
  const perEpoch = expected.start?.stepsPerEpoch ?? stepsPerEpoch(known);
  return {
    ...row,
    configuration: described.configuration,
    changes: described.changes,
    series: names,
    ...(perEpoch !== undefined && { stepsPerEpoch: perEpoch }),
    checkpoints: listRunCheckpoints(described.parts, (part, step) => logs.epochAt(part, step)),
    bands: bandsOf(expected).filter(({ metric }) => names.steps.includes(metric)),
    explanations: explanationsOf(known, logs, expected),
    messages: [
      ...(damaged > 0
        ? [{ kind: "warning" as const, text: `${damaged} lines of its logs cannot be read` }]
        : []),
      ...readMessages(folder).map(({ kind, text }) => ({
        kind: kind === "note" ? kind : "warning" as const,
        text,
      })),
    ],
    pictures: listPictures(folder),
    environment: expected.start?.environment ?? {},
  };
}
