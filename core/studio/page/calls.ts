/**
 * Calls of the studio's server, as `core/studio/api/calls.ts` lists them.
 *
 * @module
 */
import { useCallback, useEffect, useState } from "../../deps/preact.ts";

/** Values of a call's query by name; those that are undefined are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** A call that the server refused, in its own words. */
export class CallError extends Error {
  override readonly name = "CallError";
  /** HTTP status of the answer; 0 where there was none. */
  readonly status: number;

  /** The server's words and the status of its answer. */
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Address of a call. */
export function callAddress(path: string, query: Query = {}): string {
  const kept = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? path : `${path}?${text}`;
}

/**
 * Makes a call and reads its answer.
 *
 * @throws {CallError} where the server refuses it or cannot be reached
 */
export async function call<Answer>(
  method: "GET" | "POST" | "DELETE",
  path: string,
  query: Query = {},
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const init: RequestInit = { method, headers: { accept: "application/json" } };
  if (signal !== undefined) init.signal = signal;
  if (body !== undefined) {
    init.headers = { ...init.headers, "content-type": "application/json" };
    init.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(callAddress(path, query), init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new CallError("The studio cannot be reached: its program may have ended.", 0);
  }
  const text = await response.text();
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new CallError(`The studio answered ${response.status} without JSON.`, response.status);
  }
  if (response.ok) return answer as Answer;
  const said = (answer as { error?: unknown }).error;
  throw new CallError(
    typeof said === "string" ? said : `The studio answered ${response.status}.`,
    response.status,
  );
}

/** What an error says. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** How a call that a component makes stands. */
export interface CallState<Answer> {
  /** The answer, once it is there; the former one while the call is made again. */
  readonly answer: Answer | undefined;
  /** Why there is none. */
  readonly error: string | undefined;
  /** Whether it is under way. */
  readonly pending: boolean;
  /** Makes it again. */
  readonly again: () => void;
}

/** Makes a call for a component, again whenever its query changes; none where the query is undefined. */
export function useCall<Answer>(path: string, query: Query | undefined): CallState<Answer> {
  const address = query === undefined ? undefined : callAddress(path, query);
  const [count, setCount] = useState(0);
  const [state, setState] = useState<
    { address?: string | undefined; answer?: Answer; error?: string; pending: boolean }
  >({ pending: false });
  useEffect(() => {
    if (address === undefined) return;
    const controller = new AbortController();
    setState((former) =>
      former.address === address ? { ...former, pending: true } : { address, pending: true }
    );
    call<Answer>("GET", address, {}, undefined, controller.signal).then(
      (answer) => setState({ address, answer, pending: false }),
      (error) => {
        if (!controller.signal.aborted) {
          setState({ address, error: wordsOf(error), pending: false });
        }
      },
    );
    return () => controller.abort();
  }, [address, count]);
  const isOf = state.address === address;
  return {
    answer: isOf ? state.answer : undefined,
    error: isOf ? state.error : undefined,
    pending: address !== undefined && (!isOf || state.pending),
    again: useCallback(() => setCount((before) => before + 1), []),
  };
}
