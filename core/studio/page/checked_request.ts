/**
 * What the server says of a request while it is typed.
 *
 * @module
 */
import { useEffect, useState } from "../../deps/preact.ts";
import type { CheckAnswer, JobRequest } from "../api/actions.ts";
import { call, wordsOf } from "./calls.ts";

/** Milliseconds without typing before the server is asked. */
const PAUSE = 250;

/** What is wrong with a request and its command line; the former ones while it is checked again. */
export function useChecked(request: JobRequest): {
  readonly check: CheckAnswer | undefined;
  readonly error: string | undefined;
} {
  const [check, setCheck] = useState<CheckAnswer | undefined>(undefined);
  const [error, setError] = useState<string | undefined>(undefined);
  const text = JSON.stringify(request);
  useEffect(() => {
    const controller = new AbortController();
    const timer = setTimeout(() => {
      call<CheckAnswer>("POST", "/api/check", {}, request, controller.signal).then((answer) => {
        setCheck(answer);
        setError(undefined);
      }, (failure) => {
        if (!controller.signal.aborted) setError(wordsOf(failure));
      });
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text]);
  return { check, error };
}
