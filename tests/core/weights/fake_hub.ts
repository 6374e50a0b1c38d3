/**
 * A server on this machine that answers as the Hugging Face hub does: its API, redirects of large files to another
 * host, ranges, and failures when told to.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** A file of the hub's only repository. */
export interface HubFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it is a large file, whose SHA-256 the hub keeps and which lies on another host. */
  readonly large: boolean;
}

/** What happens to an answer with a file's bytes. */
export interface Fault {
  /** Breaks the connection after so many bytes, once {@linkcode FakeHub.arrived} says that they have come. */
  readonly breakAfter?: number;
  /** Ends the answer in good order after so many bytes. */
  readonly endAfter?: number;
  /** Sends so many bytes and then nothing, until the client goes away. */
  readonly stallAfter?: number;
  /** Answers with this status. */
  readonly status?: number;
  /** Gives the whole file whatever range is asked for. */
  readonly ignoreRange?: boolean;
  /** Adds so many bytes that the file does not have. */
  readonly extra?: number;
  /** Changes the byte at this position of the file. */
  readonly corrupt?: number;
}

/** A request as the hub saw it. */
export interface SeenRequest {
  readonly host: "hub" | "storage";
  readonly method: string;
  readonly path: string;
  readonly range: string | null;
  readonly authorization: string | null;
}

/** The repository that the server has, where no other is said. */
export const REPOSITORY = "owner/small-model";

/** The commit of its branch `main`. */
export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** SHA-256 of bytes, in hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Git's name of a file. */
export function gitSha1(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** Bytes of which no two stretches are alike. */
export function patterned(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24);
}

export class FakeHub implements AsyncDisposable {
  readonly repository: string;
  readonly files: Map<string, HubFile> = new Map();
  readonly seen: SeenRequest[] = [];
  /** What happens to the next answers with bytes, one each. */
  readonly faults: Fault[] = [];
  /** Called when so many bytes of a file have arrived. */
  #awaited: { readonly length: number; readonly go: () => void } | undefined;
  readonly #hub: Deno.HttpServer<Deno.NetAddr>;
  readonly #storage: Deno.HttpServer<Deno.NetAddr>;

  /** @param repository its only one */
  constructor(repository: string = REPOSITORY) {
    this.repository = repository;
    const options = { hostname: "127.0.0.1", port: 0, onListen() {}, onError: broken };
    this.#hub = Deno.serve(options, (request) => this.#answer("hub", request));
    this.#storage = Deno.serve(options, (request) => this.#answer("storage", request));
  }

  /** Address of the hub. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.#hub.addr.port}`;
  }

  /** Hears from the client how much of a file it has, so that nothing depends on time. */
  arrived(received: number): void {
    if (this.#awaited !== undefined && received >= this.#awaited.length) this.#awaited.go();
  }

  #until(length: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#awaited = { length, go: resolve };
    return promise;
  }

  /** Ranges that were asked of a file's bytes, null where the whole was. */
  ranges(): (string | null)[] {
    return this.seen.filter(({ host, path }) => host === "storage" || path.includes("/resolve/"))
      .filter(({ host, path }) => host === "storage" || !this.#isLarge(path))
      .map(({ range }) => range);
  }

  #isLarge(path: string): boolean {
    return [...this.files].some(([name, { large }]) => large && path.endsWith(`/${name}`));
  }

  async #answer(host: SeenRequest["host"], request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    this.seen.push({
      host,
      method: request.method,
      path: pathname,
      range: request.headers.get("Range"),
      authorization: request.headers.get("Authorization"),
    });
    const api = `/api/models/${this.repository}`;
    if (pathname === `${api}/revision/main`) {
      return Response.json({
        _id: "1",
        id: this.repository,
        sha: COMMIT,
        lastModified: "2023-03-01",
      });
    }
    if (pathname === `${api}/paths-info/${COMMIT}`) {
      const { paths } = await request.json() as { paths: string[] };
      return Response.json(paths.flatMap((path) => this.#describe(path)));
    }
    const resolve = `/${this.repository}/resolve/${COMMIT}/`;
    const name = pathname.startsWith(resolve) ? pathname.slice(resolve.length) : pathname.slice(1);
    const file = this.files.get(name);
    if (file === undefined) return Response.json({ error: "Not found" }, { status: 404 });
    if (host === "storage" || !file.large) return this.#serve(file.bytes, request);
    const location = `http://127.0.0.1:${this.#storage.addr.port}/${name}`;
    return new Response(null, { status: 302, headers: { Location: location } });
  }

  #describe(path: string): object[] {
    const file = this.files.get(path);
    if (file === undefined) return [];
    const { bytes, large } = file;
    const lfs = { oid: sha256(bytes), size: bytes.length, pointerSize: 134 };
    const entry = { type: "file", path, size: bytes.length, oid: gitSha1(bytes) };
    return [large ? { ...entry, lfs } : entry];
  }

  #serve(whole: Uint8Array<ArrayBuffer>, request: Request): Response {
    const fault = this.faults.shift() ?? {};
    if (fault.status !== undefined) return new Response("no", { status: fault.status });
    const range = fault.ignoreRange
      ? null
      : /^bytes=(\d+)-$/.exec(request.headers.get("Range") ?? "");
    const start = range === null ? 0 : Number(range[1]);
    if (start >= whole.length && range !== null) return new Response(null, { status: 416 });
    const bytes = new Uint8Array(whole.length + (fault.extra ?? 0));
    bytes.set(whole);
    if (fault.corrupt !== undefined) bytes[fault.corrupt]! ^= 1;
    const body = bytes.subarray(start);
    const sent = start + (fault.breakAfter ?? 0);
    return new Response(faultyStream(body, fault, () => this.#until(sent)), {
      status: range === null ? 200 : 206,
      headers: range === null
        ? {}
        : { "Content-Range": `bytes ${start}-${whole.length - 1}/${whole.length}` },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#hub.shutdown(), this.#storage.shutdown()]);
  }
}

/** A connection that is broken on purpose is no news. */
function broken(): Response {
  return new Response(null, { status: 500 });
}

function faultyStream(
  body: Uint8Array<ArrayBuffer>,
  { breakAfter, endAfter, stallAfter }: Fault,
  arrival: () => Promise<void>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const cut = body.subarray(0, breakAfter ?? endAfter ?? stallAfter ?? body.length);
  let sent = false;
  let arrived: Promise<void> | undefined;
  const gone = Promise.withResolvers<void>();
  return new ReadableStream({
    cancel: () => gone.resolve(),
    async pull(controller) {
      if (!sent) {
        sent = true;
        if (breakAfter !== undefined) arrived = arrival();
        if (cut.length > 0) return controller.enqueue(cut);
      }
      if (stallAfter !== undefined) return await gone.promise;
      if (arrived === undefined) return controller.close();
      await arrived;
      controller.error(new Error("broken on purpose"));
    },
  });
}
