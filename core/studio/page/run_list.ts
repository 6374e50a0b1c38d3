/**
 * What an event makes of the list of runs.
 *
 * @module
 */
import type { RunList, StudioEvent } from "../api/runs.ts";

/** The list after an event: a run's row in its place, a new run at the front, one that is gone left out. */
export function changedList(list: RunList, event: StudioEvent): RunList {
  if (event.kind === "gone") {
    return { ...list, runs: list.runs.filter(({ run }) => run !== event.run) };
  }
  if (event.kind !== "run") return list;
  const { row } = event;
  const index = list.runs.findIndex(({ run }) => run === row.run);
  return { ...list, runs: index < 0 ? [row, ...list.runs] : list.runs.with(index, row) };
}
