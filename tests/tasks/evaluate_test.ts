import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { withFolder } from "../core/backbones/clip_golden.ts";
import { writeNetwork } from "../core/train/run/untrained_network.ts";
import { drawPictures } from "./square_pictures.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Runs `deno task evaluate`. */
async function evaluate(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "evaluate", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("evaluate shows each figure beside chance, how, on what, and what it left out", () =>
  withFolder(async (path) => {
    const images = path("images");
    await drawPictures(images);
    await Deno.writeTextFile(path("images/cats/broken.png"), "nothing");
    const network = await writeNetwork(path("run/checkpoints"), images);
    const { code, out, err } = await evaluate(network, "--test", `${images}/`);
    assertEquals(code, 0, err);
    assertStringIncludes(out, "step 0, online encoder: ");
    assertStringIncludes(out, "kNN k=5 T=0.07: ");
    assertStringIncludes(
      out,
      "5 nearest neighbours by cosine, each with the vote exp(cosine / 0.07)",
    );
    const level = "top-1 (chance 50.00 %, 2 classes; most frequent class 50.00 %), ";
    assertEquals(out.split(level).length, 3, out);
    assertStringIncludes(out, "top-5 (chance 100.00 %)");
    assertStringIncludes(
      out,
      "6 of the 6 test images are training images too; each is left out of its own neighbours",
    );
    assertStringIncludes(
      out,
      "probe lightly (cached): ",
    );
    assertStringIncludes(
      out,
      "linear classifier on cached features, standardised, without augmentation: SGD 0.001563 (0.1 by batch 256)",
    );
    assertStringIncludes(out, "trained on 4 and tested on 2 held out by seed");
    assertStringIncludes(out, `1 of 7 images of ${images} cannot be read and are left out`);
    assertStringIncludes(out, `added to ${path("run/results.json")}`);
    assertEquals(err.match(/warning: Skipped the image ".*broken.png"/g)?.length, 1, err);
    assertStringIncludes(err, `features of ${images}`);
    assertStringIncludes(err, "linear probe on cached features");

    const machine = JSON.parse((await evaluate(network, "--json", "--no-log")).out);
    const [knn, probe] = machine.results;
    assertEquals(knn.test, { data: images, samples: 2, skipped: 0, heldOut: 0.2 });
    assertEquals(knn.train, { data: images, samples: 4, skipped: 1 });
    assertStringIncludes(probe.recipe, "cached features, standardised, without augmentation");

    const sweep = await evaluate(
      network,
      ...["--protocol", "knn", "--k", "1,3", "--temperature", "0.07,0.1", "--test", images],
    );
    assertEquals(sweep.code, 0, sweep.err);
    const lines = sweep.out.split("\n");
    const header = lines.findIndex((line) => /^kNN +T=0.07 +T=0.1$/.test(line));
    assert(header > 0, sweep.out);
    assert(/^k=1( +\d+\.00 % \/ \d+\.00 %){2}$/.test(lines[header + 1]!), lines[header + 1]);
    assert(/^k=3( +\d+\.\d\d % \/ \d+\.00 %){2}$/.test(lines[header + 2]!), lines[header + 2]);

    const table = await evaluate("--table", path("run"), path("images"));
    assertEquals(table.code, 0, table.err);
    assertStringIncludes(
      table.out,
      `${images} by ${images} (6 images are in both); 2 classes, chance`,
    );
    assertStringIncludes(table.out, `${path("run")} (step 0)`);
    assertStringIncludes(table.out, `not evaluated: ${images}`);
    const markdown = await evaluate("--table", "--markdown", path("run"));
    assertStringIncludes(
      markdown.out,
      "| top-1 / top-5 in % | kNN k=5 T=0.07 | probe lightly (cached) | kNN k=1 T=0.07 |",
    );

    for (
      const [args, message] of [
        [["--strict", "--test", images], "broken.png"],
        [["--k", "7", "--test", images], "k must be an integer in [1, 6], found 7"],
        [["--test", path("images/big dogs")], "every image must have a label"],
        [["--encoder", "momentum"], "leave --encoder out"],
        [["--protocol", "linear:G"], 'by the recipe "G": it must be one of A (lars), '],
        [["--markdown"], "--markdown is for --table"],
        [[network], "one RUN must be named, or several with --table, found 2"],
      ] as const
    ) {
      const refused = await evaluate(network, ...args);
      assertEquals([refused.code, refused.out], [1, ""]);
      assertStringIncludes(refused.err, "error: Cannot ");
      assertStringIncludes(refused.err, message);
    }
  }));
