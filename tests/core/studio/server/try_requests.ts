/**
 * The studio under requests that are nearly what it takes.
 *
 * @module
 */
import { join } from "node:path";
import { createStudio } from "../../../../core/studio/mod.ts";
import { tasks } from "../../../../cli.ts";
import { studioTasks } from "../../../../tasks/cli/studio_tasks.ts";
import { pretrainingFiles, writeFiles } from "../runs/run_folders.ts";
import { mutatedRequest } from "./mutated_requests.ts";
import { PORT, STARTS_NOTHING } from "./open_studio.ts";

const { forms, known } = studioTasks(tasks);

/** What came of it. */
export interface TriedRequests {
  /** Requests that were answered. */
  readonly answered: number;
  /** How often each status was. */
  readonly statuses: ReadonlyMap<number, number>;
  /** All that must not be, in words. */
  readonly faults: readonly string[];
}

const SECRET = "canary-8b1f";

/** A text of all that lies in a folder, with sizes and times, links not followed. */
async function stateOf(folder: string): Promise<string> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    const { size, mtime } = await Deno.lstat(path);
    found.push(
      isDirectory ? `${path}: ${await stateOf(path)}` : `${path} ${size} ${mtime?.getTime()}`,
    );
  }
  return found.sort().join("\n");
}

/** What is wrong with an answer; undefined if nothing is. */
async function faultOf(answer: Response, request: Request): Promise<string | undefined> {
  const text = await answer.text();
  const shown = `${request.method} ${request.url}`;
  if (text.includes(SECRET)) return `${shown} reads outside`;
  if (/^\s+at .*\.ts:\d+/m.test(text) && answer.status >= 400) return `${shown} shows a stack`;
  // What starts nothing says so with this status, and a HEAD says nothing.
  const isSilent = request.method === "HEAD" || text.includes(" here");
  if (answer.status >= 500 && !isSilent) return `${shown} answers ${text}`;
  if (!answer.headers.has("content-security-policy")) return `${shown} has no policy`;
  if (answer.status < 400) return undefined;
  const isJson = answer.headers.get("content-type")?.startsWith("application/json") ?? false;
  const isTold = request.method === "HEAD" ||
    (isJson && typeof JSON.parse(text).error === "string");
  return isTold ? undefined : `${shown} answers ${answer.status} ${text.slice(0, 100)}`;
}

/**
 * Asks a studio of a hostile folder so many requests, each of which differs from what it takes.
 *
 * @param folder an empty one, below which the studio's root and what lies outside of it are made
 */
export async function tryRequests(folder: string, count: number): Promise<TriedRequests> {
  const [root, outside] = [join(folder, "root"), join(folder, "outside")];
  await writeFiles(outside, {
    "configuration.json": { secret: SECRET },
    "steps.jsonl": SECRET,
    "secret.txt": SECRET,
  });
  // What computes says at once that it has no images.
  const files = pretrainingFiles(10, { data: "missing" });
  await writeFiles(join(root, "run"), { ...files, "pairs/epoch-1.png": "png" });
  await writeFiles(join(root, "run/checkpoints/step-000000005"), { "state.json": "{}" });
  await writeFiles(join(root, "<b>markup</b>"), pretrainingFiles(3, { data: "missing" }));
  await writeFiles(join(root, "damaged"), { "configuration.json": "{" });
  const asked = { folder: "/\0", options: { data: "../outside", model: "a\0b", output: "/etc" } };
  await writeFiles(join(root, "out"), {
    "pipeline.json": { version: 1, asked, stages: {} },
  });
  for (const link of [join(root, "link"), join(root, "run/link")]) {
    await Deno.symlink(outside, link);
  }
  await Deno.symlink(join(outside, "secret.txt"), join(root, "run/secret.txt"));
  const before = await stateOf(outside);
  const faults: string[] = [];
  const statuses = new Map<number, number>();
  let answered = 0;
  const ended = new AbortController();
  const studio = await createStudio({
    root,
    port: PORT,
    ...STARTS_NOTHING,
    // Requests are checked as they are by the task, up to where their programs would be started.
    ...{ forms, known },
    signal: ended.signal,
    onError: (error) => void faults.push(`an error within: ${(error as Error).stack}`),
  });
  for (let index = 0; index < count; index++) {
    const request = mutatedRequest(index, studio.token);
    if (request === undefined) continue;
    const answer = await studio.fetch(request);
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    const fault = await faultOf(answer, request);
    if (fault !== undefined) faults.push(fault);
    answered++;
  }
  ended.abort();
  if (await stateOf(outside) !== before) faults.push("something outside was changed");
  const beside = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  if (beside.join() !== "outside,root") faults.push(`something was made outside: ${beside}`);
  return { answered, statuses, faults };
}
