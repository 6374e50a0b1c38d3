/**
 * The list of all runs, asked for once and kept as the server's events change it.
 *
 * @module
 */
import { useCallback, useEffect, useState } from "../../deps/preact.ts";
import type { RunList, StudioEvent } from "../api/runs.ts";
import { call, wordsOf } from "./calls.ts";
import { useEvents, useMissed } from "./live.ts";
import { changedList } from "./run_list.ts";

/** All runs, or why they cannot be listed. */
export interface RunsState {
  readonly list: RunList | undefined;
  readonly error: string | undefined;
  readonly again: () => void;
}

let kept: RunList | undefined;

/** All runs, while they change. */
export function useRuns(): RunsState {
  const [list, setList] = useState(kept);
  const [error, setError] = useState<string | undefined>(undefined);
  const again = useCallback(() => {
    setError(undefined);
    call<RunList>("GET", "/api/runs").then(
      (answer) => setList(kept = answer),
      (failure) => setError(wordsOf(failure)),
    );
  }, []);
  useEffect(again, []);
  useMissed(again);
  const hear = useCallback((event: StudioEvent): void => {
    setList((before) => kept = before && changedList(before, event));
  }, []);
  useEvents(hear);
  return { list, error, again };
}
