/**
 * All that is shown of one run beside its curves.
 *
 * @module
 */
import type { RunDetails } from "../api/runs.ts";
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

/**
 * All that is shown of a run.
 *
 * @throws {GenviewTypeError} if one of its files is no plain one
 * @throws {GenviewError} if the system refuses
 */
export function detailsOf(known: KnownRun, logs: RunLogs): RunDetails {
  const { row, described, folder } = known;
  const perEpoch = stepsPerEpoch(known);
  const { damaged } = logs;
  return {
    ...row,
    configuration: described.configuration,
    changes: described.changes,
    series: logs.names,
    ...(perEpoch !== undefined && { stepsPerEpoch: perEpoch }),
    checkpoints: listRunCheckpoints(described.parts, (part, step) => logs.epochAt(part, step)),
    bands: [],
    explanations: [],
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
    environment: {},
  };
}
