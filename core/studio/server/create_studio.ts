/**
 * The studio as a function from requests to answers.
 *
 * @module
 */
import { bodyLimit, Hono } from "../../deps/hono.ts";
import { isGenviewError } from "../../errors/mod.ts";
import { actionRoutes } from "../actions/action_routes.ts";
import { pictureRoutes } from "../pictures/picture_routes.ts";
import { RunTable } from "../runs/run_table.ts";
import { Tags } from "../runs/tags.ts";
import type { StudioContext } from "../studio_context.ts";
import { newToken } from "./access_token.ts";
import { ConfinedPaths } from "./confined_paths.ts";
import { answerOf } from "./error_answer.ts";
import { EventListeners, eventRoutes } from "./event_stream.ts";
import { guard } from "./guard.ts";
import { PageFiles } from "./page_files.ts";
import { runRoutes } from "./run_routes.ts";

/** What of its context a studio makes by itself. */
export type OwnContext =
  | "root"
  | "dataFolders"
  | "resolve"
  | "resolveNew"
  | "announce"
  | "runs"
  | "signal";

/** How a studio is made: what it shall know of tasks, and where it shows runs. */
export interface StudioOptions extends Omit<StudioContext, OwnContext> {
  /** Folder that everything lies below. */
  readonly root: string;
  /** Folders beside it whose files may be read (default none): those that requests name, and the images of runs. */
  readonly dataFolders?: readonly string[];
  /** Port that it is served at, on 127.0.0.1: requests by another name are refused. */
  readonly port: number;
  /** What callers must bring (default a new one). */
  readonly token?: string;
  /** Ends what is under way. */
  readonly signal?: AbortSignal;
  /** Takes errors that are bugs, of which callers are told no more than that they happened. */
  readonly onError?: (error: unknown) => void;
}

/** A studio. */
export interface Studio {
  /** Answers a request. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** What callers must bring. */
  readonly token: string;
  /** The first address, which lets a browser in. */
  readonly address: string;
  /** What its parts share. */
  readonly context: StudioContext;
}

/** Most bytes of a body. */
const BODY_BYTES = 1 << 20;

/**
 * Makes a studio of the runs below a folder, without a server: requests are answered by its `fetch`.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bundledMethods } from "../../../plugins/mod.ts";
 * import { createStudio } from "./create_studio.ts";
 *
 * const root = await Deno.makeTempDir();
 * const studio = await createStudio({
 *   root,
 *   port: 8000,
 *   programs: ({ task }) => ({ program: Deno.execPath(), args: ["task", task], shown: `deno task ${task}` }),
 *   forms: (task) => Promise.reject(new Error(`this studio does not start ${task}`)),
 *   known: { methods: bundledMethods, configurations: {} },
 * });
 * const headers = { Authorization: `Bearer ${studio.token}` };
 * const answer = await studio.fetch(new Request("http://127.0.0.1:8000/api/runs", { headers }));
 * assertEquals((await answer.json()).runs, []);
 * const stranger = await studio.fetch(new Request("http://127.0.0.1:8000/api/runs"));
 * assertEquals(stranger.status, 403);
 * await stranger.body?.cancel();
 * await Deno.remove(root, { recursive: true });
 * ```
 *
 * @throws {GenviewNotFound} if there is no such folder
 * @throws {GenviewTypeError} if it is no folder
 */
export async function createStudio(options: StudioOptions): Promise<Studio> {
  const { root, dataFolders = [], port, token = newToken(), onError = () => {}, ...known } =
    options;
  const signal = known.signal ?? new AbortController().signal;
  const paths = await ConfinedPaths.open(root);
  const beside = await Promise.all(dataFolders.map((folder) => ConfinedPaths.open(folder)));
  const tags = new Tags(paths.root);
  const table = new RunTable(paths.root, root, tags);
  const events = new EventListeners(table, onError);
  const context: StudioContext = {
    ...known,
    root: paths.root,
    dataFolders: beside.map(({ root }) => root),
    resolve: (path) => paths.resolve(path),
    resolveNew: (path) => paths.resolveNew(path),
    announce: events.announce,
    runs: {
      row: async (run) => (await table.find(run)).row,
      tag: (run, words) => tags.set(run, words),
    },
    signal,
  };
  const files = new PageFiles();
  const app = new Hono();
  app.use(guard({ port, token }));
  app.use(bodyLimit({
    maxSize: BODY_BYTES,
    onError: (c) => c.json({ error: `Cannot take a body of more than ${BODY_BYTES} bytes` }, 413),
  }));
  app.route("/", runRoutes(context, table));
  app.route("/", eventRoutes(events, table, signal));
  app.route("/", pictureRoutes(context));
  app.route("/", actionRoutes(context));
  app.get("*", async (c, next) => {
    if (!files.isKnown(c.req.path)) return await next();
    const { type, text, policy } = await files.read(c.req.path);
    if (policy !== undefined) c.header("Content-Security-Policy", policy);
    return c.body(text, 200, { "Content-Type": type });
  });
  app.notFound((c) => c.json({ error: "Cannot answer: there is no such call" }, 404));
  app.onError((error, c) => {
    const { status, error: text } = answerOf(error);
    if (!isGenviewError(error)) onError(error);
    return c.json({ error: text }, status);
  });
  return {
    fetch: async (request) => await app.fetch(request),
    token,
    address: `http://127.0.0.1:${port}/?token=${token}`,
    context,
  };
}
