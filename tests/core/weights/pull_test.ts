import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { GenviewError, isGenviewError } from "../../../core/errors/mod.ts";
import { RepositoryCache } from "../../../core/weights/hub_cache.ts";
import {
  filesToPull,
  findPulled,
  pullFiles,
  type PullOptions,
} from "../../../core/weights/pull.ts";
import { COMMIT, FakeHub, gitSha1, patterned, REPOSITORY, sha256 } from "./fake_hub.ts";

const SOURCE = { repository: REPOSITORY, revision: "main" };
const MODEL = patterned(100_000);
const CONFIG = new TextEncoder().encode('{"width": 8}\n');
const WANTED = [["model.safetensors", "model.bin"], ["unet/config.json"]];

async function withHub(
  test: (hub: FakeHub, options: PullOptions, folder: string) => Promise<void>,
): Promise<void> {
  const cache = await Deno.makeTempDir();
  try {
    await using hub = new FakeHub();
    hub.files.set("model.bin", { bytes: MODEL, large: true });
    hub.files.set("unet/config.json", { bytes: CONFIG, large: false });
    const folder = new RepositoryCache(cache, REPOSITORY).folder;
    const onProgress = (_: string, received: number) => hub.arrived(received);
    await test(hub, { cache, endpoint: hub.endpoint, retryDelay: 1, onProgress }, folder);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

function tree(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? tree(join(folder, name)).map((path) => `${name}/${path}`) : [name]
  ).sort();
}

Deno.test("pullFiles() lays files out as the hub's own libraries do", () =>
  withHub(async (hub, options, folder) => {
    const pulled = await pullFiles(SOURCE, WANTED, options);
    assertEquals(folder.endsWith("models--owner--small-model"), true);
    assertEquals(
      tree(folder),
      [
        `blobs/${gitSha1(CONFIG)}`,
        `blobs/${sha256(MODEL)}`,
        "refs/main",
        `snapshots/${COMMIT}/model.bin`,
        `snapshots/${COMMIT}/unet/config.json`,
      ].sort(),
    );
    assertEquals(await Deno.readTextFile(join(folder, "refs/main")), COMMIT);
    assertEquals(
      await Deno.readLink(join(folder, "snapshots", COMMIT, "unet/config.json")),
      `../../../blobs/${gitSha1(CONFIG)}`,
    );
    assertEquals(pulled.map(({ path }) => path), ["model.bin", "unet/config.json"]);
    assertEquals(new Uint8Array(await Deno.readFile(pulled[0]!.file)), MODEL);
    assertEquals(pulled[0]!.checksum, { algorithm: "sha256", digits: sha256(MODEL) });
    assertEquals(pulled[1]!.checksum, { algorithm: "git-sha1", digits: gitSha1(CONFIG) });
    assertEquals(await findPulled(SOURCE, WANTED, options.cache), [
      { path: "model.bin", file: pulled[0]!.file },
      { path: "unet/config.json", file: pulled[1]!.file },
    ]);
    assertEquals(hub.ranges(), [null, null]);
  }));

Deno.test("filesToPull() says how large the missing files are, and fetches none", () =>
  withHub(async (hub, options) => {
    assertEquals(await filesToPull(SOURCE, WANTED, options), [
      { path: "model.bin", size: MODEL.length },
      { path: "unet/config.json", size: CONFIG.length },
    ]);
    assertEquals(hub.ranges(), []);
    await pullFiles(SOURCE, WANTED, options);
    hub.seen.length = 0;
    assertEquals(await filesToPull(SOURCE, WANTED, options), []);
    assertEquals(hub.seen, []);
  }));

Deno.test("pullFiles() fetches nothing twice, and takes the best name that there is", () =>
  withHub(async (hub, options, folder) => {
    await pullFiles(SOURCE, WANTED, options);
    hub.seen.length = 0;
    await pullFiles(SOURCE, WANTED, options);
    assertEquals(hub.ranges(), []);
    hub.files.set("model.safetensors", { bytes: patterned(10), large: true });
    const [model] = await pullFiles(SOURCE, WANTED, options);
    assertEquals(model!.path, "model.safetensors");
    assert(tree(folder).includes(`snapshots/${COMMIT}/model.bin`), "the other file is gone");
  }));

Deno.test("pullFiles() goes on where a connection broke off, at once and in a later call", () =>
  withHub(async (hub, options, folder) => {
    hub.faults.push({ breakAfter: 30_000 }, { endAfter: 20_000 }, { status: 503 });
    const progress: number[] = [];
    const onProgress = (_: string, received: number) => {
      progress.push(received);
      hub.arrived(received);
    };
    const stopped = { ...options, onProgress, attempts: 2 };
    await assertRejects(
      () => pullFiles(SOURCE, [["model.bin"]], stopped),
      GenviewError,
      "50000 of 100000 bytes are kept: check the network and pull again, which resumes there",
    );
    assertEquals(tree(folder), [`blobs/${sha256(MODEL)}.incomplete`]);
    assertEquals(hub.ranges(), [null, "bytes=30000-", "bytes=50000-"]);
    assertEquals(progress.at(-1), 50_000);

    await pullFiles(SOURCE, [["model.bin"]], { ...options, onProgress });
    assertEquals(hub.ranges().at(-1), "bytes=50000-");
    assertEquals(progress, progress.toSorted((a, b) => a - b));
    assertEquals(progress.at(-1), 100_000);
    const file = join(folder, "snapshots", COMMIT, "model.bin");
    assertEquals(new Uint8Array(await Deno.readFile(file)), MODEL);
    assert(!tree(folder).some((path) => path.endsWith(".incomplete")));
  }));

Deno.test("pullFiles() begins anew where a server ignores ranges", () =>
  withHub(async (hub, options, folder) => {
    hub.faults.push({ breakAfter: 30_000 }, { ignoreRange: true });
    await pullFiles(SOURCE, [["model.bin"]], options);
    assertEquals(hub.ranges(), [null, "bytes=30000-"]);
    const blob = join(folder, "blobs", sha256(MODEL));
    assertEquals(new Uint8Array(await Deno.readFile(blob)), MODEL);
  }));

Deno.test("pullFiles() refuses bytes of another checksum and keeps all that is good", () =>
  withHub(async (hub, options, folder) => {
    await pullFiles(SOURCE, [["unet/config.json"]], options);
    const before = tree(folder);
    hub.faults.push({ breakAfter: 30_000, corrupt: 12 }, {});
    await assertRejects(
      () => pullFiles(SOURCE, [["model.bin"]], options),
      SyntaxError,
      `its sha256 checksum must be ${sha256(MODEL)}, found `,
    );
    assertEquals(tree(folder), before);
    await pullFiles(SOURCE, [["model.bin"]], options);
    assertEquals(hub.ranges().at(-1), null);
    assertEquals(new Uint8Array(await Deno.readFile(join(folder, "blobs", sha256(MODEL)))), MODEL);

    hub.files.set("merges.txt", { bytes: CONFIG.slice(1), large: false });
    hub.faults.push({ corrupt: 0 });
    await assertRejects(
      () => pullFiles(SOURCE, [["merges.txt"]], options),
      SyntaxError,
      "its git-sha1 checksum must be",
    );
  }));

Deno.test("pullFiles() refuses more bytes than a file has", () =>
  withHub(async (hub, options, folder) => {
    hub.faults.push({ extra: 1 });
    await assertRejects(
      () => pullFiles(SOURCE, [["model.bin"]], options),
      SyntaxError,
      "it must have 100000 bytes, found more",
    );
    assert(!tree(folder).includes(`blobs/${sha256(MODEL)}`));
  }));

Deno.test("pullFiles() does not go on from more bytes than a file has", () =>
  withHub(async (hub, options, folder) => {
    await Deno.mkdir(join(folder, "blobs"), { recursive: true });
    await Deno.writeFile(join(folder, "blobs", `${sha256(MODEL)}.incomplete`), patterned(100_001));
    await pullFiles(SOURCE, [["model.bin"]], options);
    assertEquals(hub.ranges(), [null]);
  }));

Deno.test("pullFiles() shows the token to the hub alone, not to where it redirects", () =>
  withHub(async (hub, options) => {
    await pullFiles(SOURCE, WANTED, { ...options, token: "hf_secret" });
    for (const { host, path, authorization } of hub.seen) {
      assertEquals(authorization, host === "hub" ? "Bearer hf_secret" : null, path);
    }
    assert(hub.seen.some(({ host }) => host === "storage"));
  }));

Deno.test("pullFiles() says what is missing and that it is configuration", () =>
  withHub(async (hub, options, folder) => {
    await assertRejects(
      () => pullFiles(SOURCE, [["model.onnx", "model.pt"]], options),
      TypeError,
      `Cannot pull model.onnx or model.pt: ${REPOSITORY} at revision "main" has no such file`,
    );
    await assertRejects(
      () => pullFiles({ ...SOURCE, repository: "owner/withdrawn" }, WANTED, options),
      TypeError,
      `Cannot find revision "main" of owner/withdrawn at ${hub.endpoint}`,
    );
    hub.faults.push({ status: 403 });
    await assertRejects(() => pullFiles(SOURCE, WANTED, options), TypeError, "set HF_TOKEN");
    await assertRejects(
      () => pullFiles({ ...SOURCE, repository: "../up" }, WANTED, options),
      TypeError,
      "must be named as OWNER/NAME",
    );
    assertEquals(tree(folder).filter((path) => !path.endsWith(".incomplete")), []);
  }));

Deno.test("pullFiles() can be stopped, and keeps what it has", () =>
  withHub(async (hub, options, folder) => {
    hub.faults.push({ breakAfter: 30_000 });
    const controller = new AbortController();
    const stopping = {
      ...options,
      retryDelay: 60_000,
      signal: controller.signal,
      onProgress: (_: string, received: number) => {
        hub.arrived(received);
        if (received === 30_000) setTimeout(() => controller.abort(), 60);
      },
    };
    await assertRejects(() => pullFiles(SOURCE, [["model.bin"]], stopping), DOMException);
    const left = await Deno.stat(join(folder, "blobs", `${sha256(MODEL)}.incomplete`));
    assertEquals(left.size, 30_000);
  }));

Deno.test("pullFiles() needs no name of a revision where the commit is given", () =>
  withHub(async (hub, options, folder) => {
    await pullFiles({ repository: REPOSITORY, revision: COMMIT }, [["model.bin"]], options);
    assert(!hub.seen.some(({ path }) => path.includes("/revision/")));
    assert(!tree(folder).some((path) => path.startsWith("refs/")));
  }));

/** Pulls from a server that answers in its own way. */
async function pullFrom(
  answer: (request: Request) => Response | Promise<Response>,
  more: Partial<PullOptions> = {},
): Promise<Error> {
  const cache = await Deno.makeTempDir();
  // Answers that never end would hold up an orderly end.
  const stop = new AbortController();
  const options = { hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen() {} };
  const server = Deno.serve(options, answer);
  try {
    const endpoint = `http://127.0.0.1:${server.addr.port}`;
    const error = await assertRejects(
      () => pullFiles(SOURCE, WANTED, { cache, endpoint, retryDelay: 1, ...more }),
      Error,
    );
    assertEquals(isGenviewError(error), true, String(error.stack));
    assertEquals(error.message.includes("\n"), false, error.message);
    return error;
  } finally {
    stop.abort();
    await server.finished;
    await Deno.remove(cache, { recursive: true });
  }
}

Deno.test("pullFiles() says in one line that a server's answer is not the hub's", async () => {
  const page = "<!doctype html>\n<html>Sign in to the network</html>";
  const isRevision = ({ url }: Request) => url.includes("/revision/");
  const revision = () => Response.json({ _id: "1", id: REPOSITORY, sha: COMMIT });
  const answers: [string, (request: Request) => Response][] = [
    ["is not valid JSON", () => new Response(page, { headers: { "Content-Type": "text/html" } })],
    ["JSON", () => new Response('{"sha": "01')],
    ["found: no commit", () => Response.json({ error: "none" })],
    ["found: no commit", () => Response.json([])],
    ["must have 40 hexadecimal digits", () => Response.json({ sha: "main" })],
    ["expected array", (request) => isRevision(request) ? revision() : Response.json({})],
    ["check --endpoint", (request) => isRevision(request) ? revision() : Response.json([null])],
    [
      "found: a file without path, size or checksum",
      (request) =>
        isRevision(request)
          ? revision()
          : Response.json([{ type: "file", path: "model.bin", size: "large" }]),
    ],
    [
      "found: a file without path, size or checksum",
      (request) =>
        isRevision(request)
          ? revision()
          : Response.json([{ type: "file", path: "model.bin", size: 3, lfs: {} }]),
    ],
    ["JSON", (request) => isRevision(request) ? revision() : new Response("[".repeat(1e6))],
  ];
  for (const [message, answer] of answers) {
    const error = await pullFrom(answer);
    assert(error.message.startsWith("Cannot "), error.message);
    assert(error.message.includes(message), error.message);
  }
});

Deno.test("pullFiles() gives up on a server that does not answer, or stops in the middle", async () => {
  const { promise: never, resolve: release } = Promise.withResolvers<void>();
  const silent = await pullFrom(() => {
    setTimeout(release, 200);
    return never.then(() => new Response());
  }, { timeout: 20 });
  assert(silent.message.includes("nothing came for 0.02 s; check the network"), silent.message);

  // An answer of which the last piece never comes.
  const stalling = () => {
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"sha": "')),
    });
    return new Response(stream);
  };
  const stalled = await pullFrom(stalling, { timeout: 20 });
  assert(stalled.message.includes("nothing came for 0.02 s; check the network"), stalled.message);
});

Deno.test("pullFiles() keeps what came of a file before a server stalled", () =>
  withHub(async (hub, options, folder) => {
    hub.faults.push({ stallAfter: 30_000 }, { stallAfter: 20_000 });
    await assertRejects(
      () => pullFiles(SOURCE, [["model.bin"]], { ...options, timeout: 50, attempts: 1 }),
      GenviewError,
      "nothing came for 0.05 s, 1 times one after the other; 30000 of 100000 bytes are kept",
    );
    const blob = join(folder, "blobs", sha256(MODEL));
    assertEquals((await Deno.stat(`${blob}.incomplete`)).size, 30_000);
    // The next try stalls as well, after it has brought more: that counts as a first failure.
    const [pulled] = await pullFiles(SOURCE, [["model.bin"]], {
      ...options,
      timeout: 50,
      attempts: 2,
    });
    assertEquals(new Uint8Array(await Deno.readFile(pulled!.file)), MODEL);
  }));

Deno.test("pullFiles() says that nothing listens at an address", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const endpoint = `http://127.0.0.1:${listener.addr.port}`;
  listener.close();
  const error = await assertRejects(
    () => pullFiles(SOURCE, WANTED, { cache: "/nowhere", endpoint }),
    GenviewError,
    "check the network, or name a mirror by --endpoint or HF_ENDPOINT",
  );
  assert(error.message.startsWith('Cannot find revision "main" of owner/small-model at http'));
});
