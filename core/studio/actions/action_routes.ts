/**
 * The calls that start, stop and change what runs.
 *
 * @module
 */
import { type Context, Hono } from "../../deps/hono.ts";
import { GenviewSyntaxError } from "../../errors/mod.ts";
import type { StudioContext } from "../studio_context.ts";
import { numberOf, textOf } from "../server/query.ts";
import { addRequest } from "./add_request.ts";
import { checkAnswer } from "./check_request.ts";
import { dryRunAnswer } from "./dry_run_answer.ts";
import { formAnswer, taskOf } from "./form_answer.ts";
import { JobQueue } from "./job_queue.ts";
import { pathAnswer } from "./path_answer.ts";
import { RunActions } from "./run_actions.ts";

/** What a call brings. */
async function bodyOf(c: Context): Promise<unknown> {
  try {
    return await c.req.json();
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new GenviewSyntaxError(
      `Cannot take the body: it must be JSON, found: ${cause.message}`,
      { cause },
    );
  }
}

/** The number of a job in the query. */
function jobOf(c: Context): number {
  textOf(c, "job");
  return numberOf(c, "job", [1, Number.MAX_SAFE_INTEGER])!;
}

/** The queue and what uses it. */
interface Opened {
  readonly queue: JobQueue;
  readonly actions: RunActions;
}

/** Opens the queue when it is first needed, and again where that has failed: another server may have ended since. */
class QueueDoor {
  readonly #context: StudioContext;
  #opened: Promise<Opened> | undefined;

  constructor(context: StudioContext) {
    this.#context = context;
  }

  open(): Promise<Opened> {
    return this.#opened ??= JobQueue.open(this.#context).then(
      (queue) => ({ queue, actions: new RunActions(this.#context, queue) }),
      (error) => {
        this.#opened = undefined;
        throw error;
      },
    );
  }

  /** The queue where there is one already: looking alone makes none. */
  async openIfThere(): Promise<JobQueue | undefined> {
    const isThere = this.#opened !== undefined || await JobQueue.isIn(this.#context);
    return isThere ? (await this.open()).queue : undefined;
  }
}

/**
 * `/api/form`, `/api/check`, `/api/dry-run`, `/api/queue`, `POST /api/run` and `/api/path`. Jobs of an earlier server are
 * gone on with at once, not only when somebody looks.
 */
export function actionRoutes(context: StudioContext): Hono {
  const app = new Hono();
  const door = new QueueDoor(context);
  door.openIfThere().catch(() => {
    // Whoever asks for the queue opens it again, and gets the error.
  });
  let lastDryRun: Promise<unknown> = Promise.resolve();
  app.get("/api/form", async (c) => {
    const task = taskOf(c.req.query("task"));
    return c.json(await formAnswer(task, c.req.query("method") || undefined, context));
  });
  app.post("/api/check", async (c) => c.json(await checkAnswer(await bodyOf(c), context)));
  app.post("/api/dry-run", async (c) => {
    const body = await bodyOf(c);
    // One after the other: each takes a core and some hundred megabytes.
    const answer = lastDryRun.then(async () => {
      const queue = await door.openIfThere();
      return await dryRunAnswer(body, context, (device) => queue?.isBusy(device) ?? false);
    });
    lastDryRun = answer.catch(() => {
      // Its own caller gets the error.
    });
    return c.json(await answer);
  });
  app.get("/api/queue", async (c) => c.json(await (await door.openIfThere())?.list() ?? []));
  app.post("/api/queue", async (c) => {
    const body = await bodyOf(c);
    return c.json(await addRequest(body, context, (await door.open()).queue));
  });
  app.delete("/api/queue", async (c) => c.json(await (await door.open()).queue.stop(jobOf(c))));
  app.post("/api/run", async (c) => {
    const body = await bodyOf(c);
    return c.json(await (await door.open()).actions.act(textOf(c, "run"), body));
  });
  app.get("/api/path", async (c) => {
    const output = textOf(c, "output");
    const asked = (await door.openIfThere())?.lastFor(output)?.options;
    return c.json(await pathAnswer(output, asked, context));
  });
  return app;
}
