import { assert, assertEquals } from "@std/assert";
import { main } from "../../../tasks/extract_features.ts";
import { mpirun, testMpi } from "../../mpirun.ts";
import { digestsOf, mpirunTaskWell } from "../../tasks/rank_task.ts";
import { drawPictures } from "../../tasks/square_pictures.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { exportTinyBackbone } from "../encoders/tiny_backbone.ts";

type Path = (name: string) => string;

const KILLED = new URL("./programs/killed_extraction.ts", import.meta.url);

/** Twenty-one images, of which one cannot be read, and a network. */
async function prepare(path: Path): Promise<string[]> {
  await drawPictures(path("images"));
  for (let i = 0; i < 14; i++) {
    await Deno.copyFile(path(`images/cats/${i % 3}.png`), path(`images/cats/copy ${i}.png`));
  }
  await Deno.writeTextFile(path("images/cats/none.png"), "no image");
  await exportTinyBackbone(path("mine.safetensors"));
  return [
    ...["--input-list", path("images"), "--model", path("mine.safetensors"), "--device", "cpu"],
    ...["--threads", "1", "--num-extract", "21", "--num-vis", "2", "--batch-size", "2"],
  ];
}

testMpi(
  "extract-features on 2 ranks leaves the files of one process, byte for byte",
  (kind) =>
    withFolder(async (path) => {
      const args = await prepare(path);
      await main([...args, "--output-dir", path("alone")]);
      const expected = await digestsOf(path("alone"));
      assertEquals(Object.keys(expected).filter((name) => name.endsWith(".npy")).length, 22);
      const { stdout, stderr } = await mpirunTaskWell(kind, 2, "extract-features", [
        ...[...args, "--output-dir", path("together")],
      ]);
      assertEquals(await digestsOf(path("together")), expected);
      // Told by the first rank alone, of all.
      assertEquals(stdout.match(/ of the tokens of 20 images are foreground/g)?.length, 1, stdout);
      assertEquals(stderr.match(/none\.png/g)?.length, 1, stderr);
      assertEquals(stderr.match(/decomposing/g)?.length, 1, stderr);
    }),
);

testMpi(
  "extract-features goes on after a rank was killed, to the same files",
  (kind) =>
    withFolder(async (path) => {
      const args = await prepare(path);
      await main([...args, "--output-dir", path("alone")]);
      // The first image of the second rank.
      const last = path("killed/mine/features/cats/copy 12.png.npy");
      const given = [path("images"), path("mine.safetensors"), path("killed"), last];
      const { code } = await mpirun(kind, 2, KILLED, given, {
        permissions: ["--allow-all"],
        seconds: 240,
      });
      assert(code !== 0, `the code is ${code}`);
      const left = Object.keys(await digestsOf(path("killed/mine/features")));
      assert(left.length < 20, `all ${left.length} are there`);
      await mpirunTaskWell(kind, 2, "extract-features", [...args, "--output-dir", path("killed")]);
      assertEquals(await digestsOf(path("killed")), await digestsOf(path("alone")));
    }),
  ["openmpi"],
);
