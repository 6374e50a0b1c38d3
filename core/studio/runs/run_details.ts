/**
 * All that is shown of one run beside its curves.
 *
 * @module
 */
import type { KnownNames } from "../../train/mod.ts";
import type { Explanation, RunDetails } from "../api/runs.ts";
import { bandsOf, bandsOfStage, type Expectations, expectationsOf } from "./expectations.ts";
import { explainFigure, readFigures } from "./evaluation_figures.ts";
import { explain } from "./explanations.ts";
import { readMessages } from "./messages.ts";
import { listPictures, listRunCheckpoints } from "./run_files.ts";
import type { RunLogs } from "./run_logs.ts";
import type { KnownRun } from "./run_table.ts";

/** Steps of an epoch, by the last epoch that was logged; undefined before the first. */
function stepsPerEpoch(
  { row: { totalSteps }, described: { epochs } }: KnownRun,
): number | undefined {
  if (totalSteps === undefined || epochs === undefined) return undefined;
  return totalSteps / epochs;
}

/** What is known of a run, or of one of its parts whose metrics stand behind a prefix. */
interface KnownPart {
  readonly prefix: string;
  readonly expected: Expectations;
  /** Share of its steps that were taken, in [0, 1]; undefined where the steps in all are not known. */
  readonly progress: number | undefined;
}

/** A run whole, or its stages. */
async function partsOf(
  { row, described, folder }: KnownRun,
  logs: RunLogs,
  methods: KnownNames["methods"],
): Promise<KnownPart[]> {
  const share = (step: number, of: number | undefined) =>
    of === undefined ? undefined : Math.min(1, step / of);
  if (described.kind !== "generator") {
    const expected = await expectationsOf(folder, described.method, methods);
    return [{ prefix: "", expected, progress: share(row.step, row.totalSteps) }];
  }
  return await Promise.all(described.parts.map(async ({ prefix, folder, steps }, i) => ({
    prefix,
    expected: await expectationsOf(folder, undefined, methods),
    progress: share(Math.max(0, logs.lastSteps[i]!), steps),
  })));
}

/** What the numbers of a run mean, those of its steps first. */
function explanationsOf(
  { row: { metrics } }: KnownRun,
  logs: RunLogs,
  parts: readonly KnownPart[],
): Explanation[] {
  const names = new Set([...logs.names.steps, ...logs.names.epochs]);
  return [...names].flatMap((name) => {
    const ends = logs.ends(name);
    const part = parts.find(({ prefix }) => name.startsWith(prefix));
    if (ends === undefined || part === undefined) return [];
    const { first, last: value } = ends;
    const { expected, progress } = part;
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
  const parts = await partsOf(known, logs, methods);
  const isOfStages = described.kind === "generator";
  const starts = parts.flatMap(({ expected: { start } }) => start ?? []);
  // Stages have epochs of their own.
  const perEpoch = isOfStages ? undefined : starts[0]?.stepsPerEpoch ?? stepsPerEpoch(known);
  const bands = parts.flatMap(({ prefix, expected }) =>
    isOfStages ? bandsOfStage(prefix, expected) : bandsOf(expected)
  );
  return {
    ...row,
    configuration: described.configuration,
    changes: described.changes,
    series: names,
    ...(perEpoch !== undefined && { stepsPerEpoch: perEpoch }),
    checkpoints: listRunCheckpoints(described.parts, (part, step) => logs.epochAt(part, step)),
    bands: bands.filter(({ metric }) => names.steps.includes(metric)),
    explanations: [
      ...explanationsOf(known, logs, parts),
      ...readFigures(folder).map(explainFigure),
    ],
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
    environment: starts.at(-1)?.environment ?? {},
  };
}
