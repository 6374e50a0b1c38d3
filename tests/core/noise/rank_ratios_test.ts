import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { tensor } from "../../../core/engine/graph/tensor.ts";
import { joinRatios, parseRatioLines, RatioFile } from "../../../core/noise/mod.ts";
import { writeNpy } from "../../../core/weights/npy.ts";
import { main } from "../../../tasks/fg_ratio.ts";
import { mpirun, testMpi } from "../../mpirun.ts";
import { mpirunTaskWell } from "../../tasks/rank_task.ts";
import { drawPictures } from "../../tasks/square_pictures.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { SAMPLES, SHARDS, withCache } from "../data/shards/shard_fixtures.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";
import { exportTinyBackbone } from "../encoders/tiny_backbone.ts";

type Path = (name: string) => string;

const KILLED = new URL("./programs/killed_ratios.ts", import.meta.url);
const RECORD = { source: "x", images: "i", component: "y", threshold: 1, maskType: "gt" };

/** Writes a network and a component; options that compute the ratios of images by them. */
async function optionsOver(images: string, path: Path): Promise<string[]> {
  await exportTinyBackbone(path("mine.safetensors"));
  const { data } = hashedTensor("component", [192]);
  await writeNpy(path("pca.npy"), tensor("float32", [192, 1], data));
  return [
    ...["--from", "images", "--input-list", images, "--model", path("mine.safetensors")],
    ...["--device", "cpu", "--threads", "1", "--pca-vectors", path("pca.npy"), "--fg-thre", "0.1"],
  ];
}

/** Twenty-one images, of which one cannot be read, a network and a component. */
async function prepare(path: Path): Promise<string[]> {
  await drawPictures(path("images"));
  for (let i = 0; i < 14; i++) {
    await Deno.copyFile(path(`images/cats/${i % 3}.png`), path(`images/cats/copy ${i}.png`));
  }
  await Deno.writeTextFile(path("images/cats/none.png"), "no image");
  return await optionsOver(path("images"), path);
}

/** Names and contents of a folder's files. */
async function filesOf(folder: string): Promise<Record<string, string>> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  const texts = await Promise.all(names.map((name) => Deno.readTextFile(`${folder}/${name}`)));
  return Object.fromEntries(names.map((name, i) => [name, texts[i]!]));
}

testMpi(
  "fg-ratio on 2 ranks leaves the files of one process, byte for byte",
  (kind) =>
    withFolder(async (path) => {
      const args = await prepare(path);
      await main([...args, "--batch-size", "2", "--output-dir", path("alone")]);
      const expected = await filesOf(path("alone"));
      assertEquals(Object.keys(expected), ["fg_ratios.json", "fg_ratios.txt"]);
      assertEquals(expected["fg_ratios.txt"]!.split("\n").length, 21);

      const together = [...args, "--batch-size", "2", "--output-dir", path("together")];
      const { stdout, stderr } = await mpirunTaskWell(kind, 2, "fg-ratio", together);
      assertEquals(await filesOf(path("together")), expected);
      // Once, of all, and by the first rank alone.
      assertEquals(
        stdout.trim(),
        `ratios of 20 images, 0 were there already, 1 has none: ${path("together/fg_ratios.txt")}`,
      );
      assertEquals(stderr.match(/none\.png/g)?.length, 1, stderr);
    }),
);

testMpi(
  "fg-ratio on 2 ranks takes the images of shards, each once, and leaves the files of one process",
  (kind) =>
    withCache(async (path) => {
      const args = [
        ...await optionsOver(`${SHARDS}/numbered-{000000..000001}.tar`, path),
        ...["--batch-size", "2"],
      ];
      await main([...args, "--output-dir", path("alone")]);
      const expected = await filesOf(path("alone"));
      const { ratios } = parseRatioLines(expected["fg_ratios.txt"]!);
      assertEquals(ratios.map((line) => line.path), SAMPLES.numbered!.map(({ path }) => path!));

      const { stdout } = await mpirunTaskWell(
        kind,
        2,
        "fg-ratio",
        [...args, "--output-dir", path("together")],
        // No index is there yet, so that both ranks go through the shards and write one at the same time.
        { environment: { XDG_CACHE_HOME: path("empty") } },
      );
      assertEquals(await filesOf(path("together")), expected);
      // Who computes an image that another does counts it, too.
      assertStringIncludes(stdout, "ratios of 5 images, 0 were there already");
    }),
  ["openmpi"],
);

testMpi(
  "fg-ratio goes on after a rank was killed, in any number of processes, to the same file",
  (kind) =>
    withFolder(async (path) => {
      const args = [...await prepare(path), "--batch-size", "2"];
      await main([...args, "--output-dir", path("alone")]);
      const expected = await filesOf(path("alone"));
      const killed = [path("images"), path("mine.safetensors"), path("pca.npy"), path("killed")];
      const { code } = await mpirun(kind, 2, KILLED, killed, {
        permissions: ["--allow-all"],
        seconds: 240,
      });
      assert(code !== 0, `the code is ${code}`);
      const left = await filesOf(path("killed"));
      assert(left["fg_ratios-1-of-2.txt"]!.length > 0, Object.keys(left).join(", "));
      assertEquals(left["fg_ratios.txt"], undefined);
      // By other numbers of processes.
      for (const ranks of [1, 3]) {
        const folder = path(`resumed by ${ranks}`);
        await Deno.mkdir(folder);
        for (const [name, text] of Object.entries(left)) {
          await Deno.writeTextFile(`${folder}/${name}`, text);
        }
        const resumed = [...args, "--output-dir", folder];
        if (ranks === 1) await main(resumed);
        else {assertStringIncludes(
            (await mpirunTaskWell(kind, ranks, "fg-ratio", resumed)).stdout,
            "ratios of ",
          );}
        assertEquals(await filesOf(folder), expected);
      }
    }),
  ["openmpi"],
);

Deno.test("joinRatios() puts parts in the images' order behind what there is, each image once", () =>
  withFolder(async (path) => {
    const text = JSON.stringify(RECORD, null, 2) + "\n";
    await Deno.writeTextFile(path("fg_ratios.json"), text);
    await Deno.writeTextFile(path("fg_ratios.txt"), "c.jpg 0.5\n");
    await Deno.writeTextFile(path("fg_ratios-0-of-2.txt"), "d.jpg 1.0\na.jpg 0.25\n");
    // One is in the whole file, one in two parts, one in no list, and one was torn off.
    await Deno.writeTextFile(
      path("fg_ratios-1-of-2.txt"),
      "c.jpg 0.5\nb.jpg 0.0\nx.jpg 1.0\nd.jpg 1.0\ne.j",
    );
    {
      using file = await RatioFile.open(path("."), RECORD);
      assertEquals([...file.done].sort(), ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "x.jpg"]);
      await file.append([{ path: "e.jpg", ratio: 0.75 }]);
    }
    await joinRatios(path("."), () => ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"]);
    assertEquals(await filesOf(path(".")), {
      "fg_ratios.json": text,
      "fg_ratios.txt": "c.jpg 0.5\nx.jpg 1.0\na.jpg 0.25\nb.jpg 0.0\nd.jpg 1.0\ne.jpg 0.75\n",
    });
  }));
