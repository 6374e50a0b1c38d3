import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { findLocal, importFiles } from "../../../core/weights/local_files.ts";
import { findPulled, pullFiles } from "../../../core/weights/pull.ts";
import { COMMIT, FakeHub, patterned, REPOSITORY } from "./fake_hub.ts";

const SOURCE = { repository: REPOSITORY, revision: "main" };
const WANTED = [["model.safetensors", "model.bin"], ["unet/config.json"]];
const MODEL = patterned(1000);
const CONFIG = patterned(20);

async function inFolder(test: (cache: string, local: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const local = join(folder, "local");
    await Deno.mkdir(join(local, "unet"), { recursive: true });
    await Deno.writeFile(join(local, "model.bin"), MODEL);
    await Deno.writeFile(join(local, "unet/config.json"), CONFIG);
    await test(join(folder, "cache"), local);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("findLocal() finds a repository's files in a folder, by the best name", () =>
  inFolder(async (_, local) => {
    assertEquals(await findLocal(local, WANTED), [
      { path: "model.bin", file: join(local, "model.bin") },
      { path: "unet/config.json", file: join(local, "unet/config.json") },
    ]);
    await assertRejects(
      () => findLocal(local, [...WANTED, ["vae.bin", "vae.pth"], ["a.json"]]),
      TypeError,
      `Cannot use ${local}: it must hold vae.bin or vae.pth, a.json, found none`,
    );
  }));

Deno.test("findLocal() takes a file where one is wanted, by its name or its format", () =>
  inFolder(async (_, local) => {
    const file = join(local, "model.bin");
    const [names] = WANTED;
    assertEquals(await findLocal(file, [names!]), [{ path: "model.bin", file }]);
    const renamed = join(local, "mine.safetensors");
    await Deno.copyFile(file, renamed);
    assertEquals(await findLocal(renamed, [names!]), [{
      path: "model.safetensors",
      file: renamed,
    }]);
    await assertRejects(() => findLocal(file, WANTED), TypeError, "so it must be a folder");
    await Deno.rename(file, join(local, "model.txt"));
    await assertRejects(
      () => findLocal(join(local, "model.txt"), [names!]),
      TypeError,
      "it must be named model.safetensors or model.bin, or be of such a format",
    );
  }));

Deno.test("importFiles() adds files to the cache, where they are found as pulled ones are", () =>
  inFolder(async (cache, local) => {
    const imported = await importFiles(SOURCE, await findLocal(local, WANTED), cache);
    assertEquals(await findPulled(SOURCE, WANTED, cache), imported);
    await Deno.remove(local, { recursive: true });
    assertEquals(new Uint8Array(await Deno.readFile(imported[0]!.file)), MODEL);
    const again = await findPulled(SOURCE, [["model.bin"]], cache);
    assertEquals(again, [imported[0]]);
  }));

Deno.test("importFiles() adds to what is there, and refuses to replace it", () =>
  inFolder(async (cache, local) => {
    const found = await findLocal(local, WANTED);
    await importFiles(SOURCE, found.slice(0, 1), cache);
    const imported = await importFiles(SOURCE, found, cache);
    assertEquals(await findPulled(SOURCE, WANTED, cache), imported);
    await Deno.remove(found[0]!.file);
    await Deno.writeFile(found[0]!.file, patterned(999));
    await assertRejects(
      () => importFiles(SOURCE, found, cache),
      Deno.errors.AlreadyExists,
      "Cannot add model.bin to",
    );
    assertEquals(new Uint8Array(await Deno.readFile(imported[0]!.file)), MODEL);
  }));

Deno.test("importFiles() accepts what has been pulled, and a later pull takes the hub's own", () =>
  inFolder(async (cache, local) => {
    await using hub = new FakeHub();
    hub.files.set("model.bin", { bytes: MODEL, large: true });
    hub.files.set("unet/config.json", { bytes: CONFIG, large: false });
    const found = await findLocal(local, WANTED);
    const imported = await importFiles(SOURCE, found, cache);
    const pulled = await pullFiles(SOURCE, WANTED, { cache, endpoint: hub.endpoint });
    assert(pulled[0]!.file.includes(COMMIT));
    assertEquals(await Deno.realPath(pulled[0]!.file), await Deno.realPath(imported[0]!.file));
    const same = await importFiles(SOURCE, found, cache);
    assertEquals(same.map(({ file }) => file), pulled.map(({ file }) => file));
  }));

Deno.test("importFiles() refuses Git LFS pointers, and findLocal() a folder that is not there", () =>
  inFolder(async (cache, local) => {
    const file = join(local, "model.bin");
    await Deno.remove(file);
    await Deno.writeTextFile(file, "version https://git-lfs.github.com/spec/v1\n");
    await assertRejects(
      async () => importFiles(SOURCE, await findLocal(local, WANTED), cache),
      SyntaxError,
      `Cannot use ${file}: it must hold weights, found a Git LFS pointer`,
    );
    await assertRejects(
      () => findLocal(join(local, "none"), WANTED),
      Deno.errors.NotFound,
      "there is no such file or folder; check the path",
    );
  }));
