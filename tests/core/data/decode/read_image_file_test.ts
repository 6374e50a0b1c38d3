import { assert, assertEquals, assertRejects } from "@std/assert";
import { datasetOf, fileSource } from "../../../../core/data/dataset_of.ts";
import { decodeSource } from "../../../../core/data/decode/decode_source.ts";
import { readImageFile } from "../../../../core/data/decode/read_image_file.ts";
import { UnreadableImageError } from "../../../../core/data/decode/unreadable_image_error.ts";
import { openImageFolder } from "../../../../core/data/image_folder.ts";
import { openImageList } from "../../../../core/data/image_list.ts";
import { evaluationLoader } from "../../../../core/data/loader/evaluation_loader.ts";
import { viewLoader } from "../../../../core/data/loader/view_loader.ts";
import { withVariations } from "../../../../core/data/pairing.ts";
import { openVariationFolder } from "../../../../core/data/variations.ts";
import { evaluationView, smallImageView } from "../../../../core/data/views/presets.ts";
import { inFolder } from "../../../in_folder.ts";

const IMAGES = new URL("../../../../fixtures/images/", import.meta.url).pathname;

/** What the system calls files, and what is said of them. */
const KINDS = {
  "loop.png": "its symbolic links lead in a circle",
  "nowhere.png": "no such file",
  "pipe.png": "a named pipe",
  "socket.png": "a socket",
  "zeros.png": "a device",
} as const;

/** Files that cannot be read, and two images, in a folder. */
async function fill(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.symlink("loop.png", `${folder}/loop.png`);
  await Deno.symlink("/no/such/image", `${folder}/nowhere.png`);
  await new Deno.Command("mkfifo", { args: [`${folder}/pipe.png`] }).output();
  await Deno.symlink("/dev/zero", `${folder}/zeros.png`);
  for (const name of ["rgb.png", "palette.png"]) {
    await Deno.copyFile(`${IMAGES}${name}`, `${folder}/${name}`);
  }
  const listening = `Deno.listen({ transport: "unix", path: "${folder}/socket.png" }); Deno.exit()`;
  await new Deno.Command(Deno.execPath(), { args: ["eval", listening] }).output();
}

const LINUX_ONLY = Deno.build.os !== "linux";

Deno.test({
  name: "readImageFile() opens nothing but regular files, and says what stands in their place",
  ignore: LINUX_ONLY,
  fn: () =>
    inFolder(async (folder) => {
      const path = (name: string) => `${folder}/${name}`;
      await fill(path("images"));
      for (const [name, reason] of Object.entries(KINDS)) {
        const error = await assertRejects(
          () => readImageFile(path(`images/${name}`)),
          UnreadableImageError,
        );
        assertEquals(error.reason, reason, name);
      }
      await assertRejects(() => readImageFile(path("images")), UnreadableImageError, "a folder");
      // A regular file of which the first byte cannot be read, nor without all permissions be asked for.
      await Deno.symlink("/proc/self/mem", path("memory.png"));
      await assertRejects(() => readImageFile(path("memory.png")), UnreadableImageError);
      const long = path(`${"x".repeat(300)}.png`);
      await assertRejects(() => readImageFile(long), UnreadableImageError, "its name is too long");
    }),
});

Deno.test({
  name: "folders, lists and variations pass over files that cannot be read, and name each once",
  ignore: LINUX_ONLY,
  fn: () =>
    inFolder(async (folder) => {
      const path = (name: string) => `${folder}/${name}`;
      await fill(path("images"));
      const listed = await openImageFolder(path("images"));
      assertEquals(listed.length, 7);
      await Deno.writeTextFile(
        path("images/list.txt"),
        Object.keys(KINDS).concat("rgb.png").join("\n"),
      );
      const list = await openImageList(path("images/list.txt"));
      const good = datasetOf("good", 7, (index) => ({
        key: listed.sample(index).key,
        source: fileSource(`${IMAGES}rgb.png`),
      }));
      const varied = withVariations(good, await openVariationFolder(path("images")));
      for (const dataset of [listed, list, varied]) {
        const unreadable = new Map<string, string>();
        const warnings: string[] = [];
        const options = {
          batchSize: 4,
          unreadable,
          onWarning: (text: string) => void warnings.push(text),
        };
        for (const epoch of [0, 1, 2, 3, 4, 5]) {
          const views = viewLoader(dataset, [smallImageView(16)], {
            ...options,
            seed: 0,
            epoch,
            variations: { probability: 1 },
          });
          for await (const { indices } of views) assertEquals(indices.length, 4);
          assert(views.statistics.skipped > 0);
        }
        assertEquals(warnings.length, 5, warnings.join("\n"));
        assertEquals(
          Object.fromEntries(unreadable),
          Object.fromEntries(
            Object.entries(KINDS).map(([name, reason]) => [path(`images/${name}`), reason]),
          ),
        );
      }
      const evaluated = evaluationLoader(listed, evaluationView(16), { batchSize: 8 });
      for await (const { indices } of evaluated) assertEquals(indices.length, 2);
      assertEquals(evaluated.statistics.skipped, 5);
    }),
});

Deno.test({
  name: "readImageFile() says that permission is denied",
  // The superuser may read everything.
  ignore: Deno.build.os === "windows" || Deno.uid() === 0,
  fn: () =>
    inFolder(async (folder) => {
      const path = (name: string) => `${folder}/${name}`;
      await Deno.writeTextFile(path("secret.png"), "");
      await Deno.chmod(path("secret.png"), 0o000);
      const denied = () => readImageFile(path("secret.png"));
      await assertRejects(denied, UnreadableImageError, "permission denied");
    }),
});

Deno.test("decodeSource() takes what the system says of any source's file, and not what it is short of", async () => {
  const failing = (code: string) =>
    decodeSource({
      kind: "encoded",
      name: "x",
      read: () => Promise.reject(Object.assign(new Error("os error"), { code })),
    });
  await assertRejects(() => failing("EACCES"), UnreadableImageError, "permission denied");
  const error = await assertRejects(() => failing("EMFILE"), Error, "os error");
  assert(!(error instanceof UnreadableImageError));
});
