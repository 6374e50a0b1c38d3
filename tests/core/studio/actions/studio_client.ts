/**
 * A client of the studio that knows its calls and nothing else.
 *
 * @module
 */
import { assert } from "@std/assert";
import { join } from "node:path";
import { lockHolder } from "../../../../core/files/folder_lock.ts";
import type { Job, JobRequest } from "../../../../core/studio/api/actions.ts";
import type { Studio, StudioContext, StudioOptions } from "../../../../core/studio/mod.ts";
import { tasks } from "../../../../cli.ts";
import { studioTasks } from "../../../../tasks/cli/studio_tasks.ts";
import { drawPictures } from "../../../tasks/square_pictures.ts";
import { inFolder } from "../../../in_folder.ts";
import { ask, openStudio } from "../server/open_studio.ts";

/** A studio that can be closed, and its calls. */
export interface StudioClient {
  readonly studio: Studio;
  /** Makes a call, which must succeed. */
  readonly call: <T>(method: string, path: string, body?: unknown) => Promise<T>;
  /** Makes a call, which must be refused: status and what is said. */
  readonly refused: (
    method: string,
    path: string,
    body?: unknown,
  ) => Promise<readonly [status: number, error: string]>;
  /** The jobs once one of them stands as it should. */
  readonly jobIn: (id: number, state: Job["state"], seconds?: number) => Promise<Job>;
  /** Ends the server, as Ctrl-C does. */
  readonly close: () => Promise<void>;
}

/** Waits for what is to come. */
export async function until<T>(
  look: () => Promise<T | undefined>,
  seconds: number,
  what: string,
): Promise<T> {
  const end = performance.now() + 1000 * seconds;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert(performance.now() < end, `waited ${seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A client of a new studio of a root. */
export async function openClient(
  root: string,
  options: Partial<StudioOptions> = {},
): Promise<StudioClient> {
  const controller = new AbortController();
  const studio = await openStudio(root, {
    ...studioTasks(tasks),
    signal: controller.signal,
    ...options,
  });
  const send = async (method: string, path: string, body?: unknown) => {
    const answer = await ask(studio, path, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { "Content-Type": "application/json" },
      }),
    });
    return [answer.status, await answer.json()] as const;
  };
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const [status, answer] = await send(method, path, body);
    assert(status === 200, `${method} ${path}: ${status} ${JSON.stringify(answer)}`);
    return answer as T;
  };
  return {
    studio,
    call,
    async refused(method, path, body) {
      const [status, answer] = await send(method, path, body);
      return [status, (answer as { readonly error: string }).error];
    },
    async jobIn(id, state, seconds = 60) {
      let last: Job | undefined;
      return await until(
        async () => {
          const jobs = await call<Job[]>("GET", "/api/queue");
          last = jobs.find((job) => job.id === id);
          const isOver = last !== undefined && !["waiting", "running", state].includes(last.state);
          assert(!isOver, `job ${id} is ${last?.state}: ${last?.output.join("\n")}`);
          return last?.state === state ? last : undefined;
        },
        seconds,
        `job ${id} to be ${state}`,
      );
    },
    async close() {
      controller.abort();
      // What is under way ends in its turn.
      const folder = join(root, ".genview-studio");
      const isHeld = () => lockHolder(folder, { name: "queue" });
      await until(async () => await isHeld() === undefined || undefined, 10, "the queue's end");
    },
  };
}

/** A request that trains a small network on the photos of a root. */
export function tinyTraining(output: string, more: JobRequest["options"] = {}): JobRequest {
  return {
    task: "train",
    options: {
      ...{ method: "simsiam", preset: "cifar", data: "photos", output },
      ...{
        backbone: "clip_vit_tiny_patch8_64",
        stem: "imagenet",
        batchSize: 2,
        threads: 1,
        device: "cpu",
      },
      ...{ options: { projectorWidth: 32, predictorWidth: 16 }, evaluateEvery: 0 },
      ...{ epochs: 100_000, checkpointEvery: 100_000, ...more },
    },
  };
}

/** Runs with a root that has six photos of two classes, and a client of its studio. */
export async function withClient(
  test: (client: StudioClient, root: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const root = await Deno.realPath(folder);
    await drawPictures(join(root, "photos"));
    const client = await openClient(root);
    try {
      await test(client, root);
    } finally {
      await client.close();
      const last = await openClient(root);
      await endJobs(last);
      await last.close();
    }
  });
}

/** Runs with what a studio's parts share, in a root that has a folder of photos without any. */
export async function withContext(
  test: (context: StudioContext, root: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const root = await Deno.realPath(folder);
    await Deno.mkdir(join(root, "photos"));
    const { studio, close } = await openClient(root);
    await test(studio.context, root);
    await close();
  });
}

/** Ends all that a test has left. */
async function endJobs({ call }: StudioClient): Promise<void> {
  for (const { id, state } of await call<Job[]>("GET", "/api/queue")) {
    if (state !== "waiting" && state !== "running") continue;
    await call("DELETE", `/api/queue?job=${id}`);
    await until(
      async () => {
        const jobs = await call<Job[]>("GET", "/api/queue");
        const job = jobs.find((each) => each.id === id)!;
        return ["waiting", "running"].includes(job.state) ? undefined : job;
      },
      30,
      `job ${id} to end`,
    );
  }
}
