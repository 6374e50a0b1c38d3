import { assert, assertEquals, assertRejects } from "@std/assert";
import { main } from "../../tasks/noise_levels.ts";
import { withFolder } from "../core/backbones/clip_golden.ts";

/** Files of a folder with their texts; pictures by their size. */
async function contents(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { name } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    files[name] = name.endsWith(".txt") ? await Deno.readTextFile(path) : "a picture";
  }
  return files;
}

const RATIOS = "a.jpg 0\nb 1.jpg 0.2\nc.jpg 0.4\nd.jpg 0.6\ne.jpg 0.8\nf.jpg 1.0\n";

Deno.test("noise-levels divides the worked example as GenView does, spaces in paths included", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(path("fg_ratios.txt"), RATIOS);
    await main(["--input-file", path("fg_ratios.txt"), "--output-dir", path("out")]);
    assertEquals(await contents(path("out")), {
      "fg_ratios_0.txt": "a.jpg 0\nb 1.jpg 0\n",
      "fg_ratios_100.txt": "c.jpg 100\n",
      "fg_ratios_200.txt": "d.jpg 200\n",
      "fg_ratios_300.txt": "e.jpg 300\n",
      "fg_ratios_400.txt": "f.jpg 400\n",
      "noise_levels.png": "a picture",
    });
    assert((await Deno.stat(path("out/noise_levels.png"))).size > 1000);
  }));

Deno.test("noise-levels takes other ranges and levels, and replaces lists only when it is told to", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(path("fg_ratios.txt"), RATIOS);
    const args = ["--input-file", path("fg_ratios.txt"), "--output-dir", path("out")];
    const coarse = ["--ranges", "[0,0.5]", "--levels", "[50,300]"];
    await main([...args, ...coarse]);
    const before = await contents(path("out"));
    assertEquals(before["fg_ratios_50.txt"], "a.jpg 50\nb 1.jpg 50\nc.jpg 50\n");
    assertEquals(before["fg_ratios_300.txt"], "d.jpg 300\ne.jpg 300\nf.jpg 300\n");
    await main([...args, ...coarse]);
    assertEquals(await contents(path("out")), before);
    await Deno.writeTextFile(path("fg_ratios.txt"), "a.jpg 0.1\n");
    await assertRejects(() => main([...args, ...coarse]), Deno.errors.AlreadyExists, "--overwrite");
    assertEquals(await contents(path("out")), before);
    await main([...args, ...coarse, "--overwrite"]);
    assertEquals(await contents(path("out")), {
      "fg_ratios_50.txt": "a.jpg 50\n",
      "noise_levels.png": "a picture",
    });
  }));

Deno.test("noise-levels refuses malformed lines with their numbers, or skips them", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(path("fg_ratios.txt"), "a.jpg 0.5\nb.jpg\nc.jpg 2\n");
    const args = ["--input-file", path("fg_ratios.txt"), "--output-dir", path("out")];
    const error = await assertRejects(() => main(args), SyntaxError, "2 lines are malformed");
    assert(/line 2: .*\n {2}line 3: /.test(error.message), error.message);
    await assertRejects(() => Deno.stat(path("out")), Deno.errors.NotFound);
    await main([...args, "--lenient"]);
    assertEquals((await contents(path("out")))["fg_ratios_200.txt"], "a.jpg 200\n");
  }));

Deno.test("noise-levels refuses schedules that do not fit, and files without ratios", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(path("fg_ratios.txt"), "\n");
    const args = ["--input-file", path("fg_ratios.txt"), "--output-dir", path("out")];
    await assertRejects(() => main(args), TypeError, "it must have lines of ratios, found none");
    await assertRejects(
      () => main([...args, "--levels", "[0]"]),
      RangeError,
      "there must be one level for each edge, found 1 for 6",
    );
    await assertRejects(
      () => main([...args, "--ranges", "wide"]),
      TypeError,
      "--ranges.0 must be number",
    );
  }));
