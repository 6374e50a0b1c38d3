import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { GenviewError } from "../../../../core/errors/mod.ts";
import { findModel, locateModel } from "../../../../core/weights/zoo/local_models.ts";
import type { PublishedModel } from "../../../../core/weights/zoo/model_catalog.ts";
import { pullModel } from "../../../../core/weights/zoo/pull_model.ts";
import { inFolder } from "../../../in_folder.ts";
import { FakeHub, patterned, REPOSITORY } from "../fake_hub.ts";

const BYTES = patterned(50_000);
const FACTS = {
  publisher: "me",
  method: "BYOL",
  backbone: "resnet18",
  epochs: 1,
  batchSize: 8,
  linearTop1: 5,
} as const;

/** A server of one file that sends half of it at the first request for it, and remembers what was asked. */
function serve() {
  const seen: string[] = [];
  let broken = false;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const range = request.headers.get("Range");
    seen.push(`${request.method} ${range ?? "all"} ${request.headers.get("Authorization")}`);
    if (request.method === "HEAD") {
      return new Response(null, { headers: { "Content-Length": String(BYTES.length) } });
    }
    const start = Number(/bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
    const end = broken ? BYTES.length : BYTES.length / 2;
    broken = true;
    return new Response(BYTES.slice(start, end), {
      status: start > 0 ? 206 : 200,
      headers: { "Content-Range": `bytes ${start}-${BYTES.length - 1}/${BYTES.length}` },
    });
  });
  const url = `http://127.0.0.1:${server.addr.port}/models/mine.pth.tar`;
  return { url, seen, [Symbol.asyncDispose]: () => server.shutdown() };
}

function digits(algorithm: "sha256" | "md5"): string {
  return createHash(algorithm).update(BYTES).digest("hex").slice(0, 8);
}

const OPTIONS = { endpoint: "http://127.0.0.1:1", retryDelay: 1, token: "hf_secret" };

for (const algorithm of ["sha256", "md5", undefined] as const) {
  Deno.test(`pullModel() resumes what broke off and checks the first digits of ${algorithm ?? "nothing"}`, () =>
    inFolder(async (folder) => {
      await using server = serve();
      const model: PublishedModel = {
        ...FACTS,
        url: server.url,
        ...(algorithm && { checksum: { algorithm, digits: digits(algorithm) } }),
      };
      assertEquals(await findModel(model, { folder }), undefined);
      const path = await pullModel(model, { ...OPTIONS, folder });
      assertEquals(path, join(folder, "mine.pth.tar"));
      assertEquals(await Deno.readFile(path), BYTES);
      // The hub's token is for the hub alone.
      assertEquals(server.seen, ["HEAD all null", "GET all null", "GET bytes=25000- null"]);
      assertEquals(await findModel(model, { folder }), path);
      assertEquals(await pullModel(model, { ...OPTIONS, folder }), path);
      assertEquals(server.seen.length, 3);
    }));
}

Deno.test("pullModel() removes bytes whose checksum does not begin as the publisher states", () =>
  inFolder(async (folder) => {
    await using server = serve();
    const checksum = { algorithm: "sha256", digits: "00000000" } as const;
    const model = { ...FACTS, url: server.url, checksum };
    await assertRejects(
      () => pullModel(model, { ...OPTIONS, folder }),
      SyntaxError,
      "its sha256 checksum must be 00000000",
    );
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("pullModel() says where to put a file that cannot be reached", () =>
  inFolder(async (folder) => {
    const model = { ...FACTS, url: "http://127.0.0.1:1/a.pth", file: "mine.pth" };
    await assertRejects(
      () => pullModel(model, { ...OPTIONS, folder }),
      GenviewError,
      `or fetch it elsewhere and put it at ${join(folder, "mine.pth")}`,
    );
  }));

Deno.test("pullModel() brings a checkpoint of the hub into its cache", () =>
  inFolder(async (folder) => {
    await using hub = new FakeHub();
    hub.files.set("mine.pth", { bytes: BYTES, large: true });
    const model = { ...FACTS, hub: { repository: REPOSITORY, revision: "main", path: "mine.pth" } };
    const path = await pullModel(model, {
      ...OPTIONS,
      endpoint: hub.endpoint,
      hubCache: folder,
    });
    assertEquals(await Deno.readFile(path), BYTES);
    assertEquals(await findModel(model, { hubCache: folder }), path);
  }));

Deno.test("locateModel() takes files, and names of what was pulled", () =>
  inFolder(async (folder) => {
    const model = { ...FACTS, url: "https://example.org/mine.pth" };
    const catalog = { endpoint: "https://huggingface.co", models: { mine: model } };
    const path = join(folder, "mine.pth");
    await assertRejects(
      () => locateModel("mine", catalog, { folder }),
      TypeError,
      'run "deno task models pull mine"',
    );
    await Deno.writeFile(path, BYTES);
    assertEquals(await locateModel("mine", catalog, { folder }), { path, model });
    assertEquals(await locateModel(path, catalog, { folder }), { path });
    for (const none of ["none.pth", `${folder}/none`]) {
      await assertRejects(
        () => locateModel(none, catalog, { folder }),
        TypeError,
        `Cannot open ${none}: it must be a file of weights or a model's name, found no such file`,
      );
    }
    await assertRejects(
      () => locateModel("nine", catalog, { folder }),
      TypeError,
      'the nearest is "mine"',
    );
  }));
