/**
 * A studio whose page is the real one and whose answers are made up, so that every view can be tried without a run.
 *
 * @module
 */
import type { Call } from "../../../../core/studio/api/calls.ts";
import type { RunDetails, RunList, RunRow, StudioEvent } from "../../../../core/studio/api/runs.ts";
import { PageFiles } from "../../../../core/studio/server/page_files.ts";
import { PAGE_POLICY } from "../../../../core/studio/server/security_headers.ts";
import {
  form,
  map,
  masks,
  neighbours,
  pairs,
  path,
  queue,
  rowOf,
  runDetails,
  runList,
  RUNS,
  seriesOf,
  variations,
  views,
} from "./made_up_answers.ts";

/** A request that the page made. */
export interface SeenCall {
  readonly method: Call["method"];
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const PICTURE =
  `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="192"><rect width="320" height="192" fill="#8ac"/></svg>`;

/** Serves the page with made-up answers on a free port until it is disposed of. */
export class MadeUpStudio implements AsyncDisposable {
  /** Calls that the page has made, in order. */
  readonly calls: SeenCall[] = [];
  readonly #files = new PageFiles();
  readonly #runs: number;
  /** Rows that were announced, by their runs: whoever asks later is told the same. */
  readonly #announced = new Map<string, RunRow>();
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** @param runs how many it lists */
  constructor(runs: number = RUNS) {
    this.#runs = runs;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  /** Where the page is. */
  get address(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  /** How many connections are open for events. */
  get listeners(): number {
    return this.#streams.size;
  }

  /** Waits until the page has made a call with a value in its query. */
  async called(path: string, name: string, value?: string): Promise<SeenCall> {
    const isMeant = (call: SeenCall): boolean =>
      call.path === path && name in call.query &&
      (value === undefined || call.query[name] === value);
    while (true) {
      const call = this.calls.find(isMeant);
      if (call !== undefined) return call;
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  /** Tells the page of something. */
  announce(event: StudioEvent): void {
    if (event.kind === "run") this.#announced.set(event.row.run, event.row);
    const bytes = new TextEncoder().encode(
      `event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`,
    );
    for (const stream of this.#streams) stream.enqueue(bytes);
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (this.#files.isKnown(pathname)) {
      const { type, text, policy } = await this.#files.read(pathname);
      return new Response(text, {
        headers: { "content-type": type, "content-security-policy": policy ?? PAGE_POLICY },
      });
    }
    const body = request.method === "POST"
      ? await request.json() as Record<string, unknown>
      : undefined;
    this.calls.push({
      method: request.method as Call["method"],
      path: pathname,
      query: Object.fromEntries(searchParams),
      body,
    });
    if (pathname === "/api/events") return this.#events();
    if (pathname === "/api/picture" || pathname === "/api/file") {
      return new Response(PICTURE, { headers: { "content-type": "image/svg+xml" } });
    }
    const answer = this.#valueOf(request.method, pathname, searchParams, body);
    return answer === undefined
      ? Response.json({ error: `Cannot find ${pathname}` }, { status: 404 })
      : Response.json(answer);
  }

  #events(): Response {
    let own: ReadableStreamDefaultController<Uint8Array>;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        this.#streams.add(own);
        own.enqueue(new TextEncoder().encode(": made up\n\n"));
      },
      cancel: () => void this.#streams.delete(own),
    });
    return new Response(stream, { headers: { "content-type": "text/event-stream" } });
  }

  #list(): RunList {
    const list = runList(this.#runs);
    return { ...list, runs: list.runs.map((row) => this.#announced.get(row.run) ?? row) };
  }

  #details(run: string): RunDetails | undefined {
    const details = runDetails(run);
    return details && { ...details, ...this.#announced.get(run) };
  }

  #valueOf(
    method: string,
    pathname: string,
    query: URLSearchParams,
    body: Record<string, unknown> | undefined,
  ): unknown {
    const run = query.get("run") ?? "";
    switch (`${method} ${pathname}`) {
      case "GET /api/runs":
        return this.#list();
      case "GET /api/run":
        return this.#details(run);
      case "POST /api/run":
        return body?.["action"] === "tag" ? { ...rowOf(0), tags: body["tags"] } : queue()[0];
      case "GET /api/series":
        return seriesOf(run, Number(query.get("from") ?? 0), Number(query.get("to") ?? Infinity));
      case "GET /api/views":
        return views();
      case "GET /api/pairs":
        return pairs();
      case "GET /api/neighbours":
        return neighbours();
      case "GET /api/map":
        return map();
      case "GET /api/masks":
        return masks();
      case "GET /api/variations":
        return variations();
      case "GET /api/form":
        return form(query.get("method"));
      case "POST /api/check":
        return checked(body ?? {});
      case "POST /api/dry-run":
        return { text: "steps 20", memoryBytes: 2e9, seconds: 90 };
      case "GET /api/queue":
        return queue();
      case "POST /api/queue":
      case "DELETE /api/queue":
        return queue()[0];
      case "GET /api/path":
        return path(query.get("output") ?? "");
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.#streams) stream.close();
    await this.#server.shutdown();
  }
}

/** What is wrong with a request: `data` is needed, and epochs must be positive. */
function checked(body: Record<string, unknown>): unknown {
  const options = body["options"] as Record<string, unknown>;
  const problems: unknown[] = [];
  if (options["data"] === undefined) problems.push({ option: "data", text: "is needed" });
  if (Number(options["epochs"] ?? 1) < 1) {
    problems.push({ option: "epochs", text: "must be at least 1" });
  }
  const words = Object.entries(options).map(([name, value]) => ` --${name} ${value}`).join("");
  return { problems, command: `deno task ${body["task"]}${words}` };
}
