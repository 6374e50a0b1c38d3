/**
 * The repository as a web server has it, for tests of what is imported by URL.
 *
 * @module
 */
import { join } from "node:path";

const ROOT = new URL("../", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  ts: "application/typescript",
  json: "application/json",
};

/** A server of the repository's files on loopback. */
export interface ServedRepository extends AsyncDisposable {
  /** Its address, which ends in a slash. */
  readonly address: string;
  /** Its host and port, as `--allow-import` takes it. */
  readonly host: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
}

/** Serves the repository on loopback; disposal also removes what Deno has cached from that port. */
export function serveRepository(): ServedRepository {
  const asked: string[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      const type = TYPES[pathname.split(".").at(-1)!];
      try {
        const body = await Deno.readFile(new URL(`.${pathname}`, ROOT));
        return new Response(body, type ? { headers: { "content-type": type } } : {});
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        return new Response("not found", { status: 404 });
      }
    },
  );
  const { port } = server.addr;
  return {
    address: `http://127.0.0.1:${port}/`,
    host: `127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await forget(port);
    },
  };
}

/** Removes what Deno keeps of modules from a port that nobody will serve again. */
async function forget(port: number): Promise<void> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { modulesCache, typescriptCache } = JSON.parse(new TextDecoder().decode(stdout));
  for (const cache of [modulesCache, typescriptCache]) {
    const folder = join(cache, "http", `127.0.0.1_PORT${port}`);
    try {
      await Deno.remove(folder, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
