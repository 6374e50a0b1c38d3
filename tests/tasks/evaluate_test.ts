import { assertEquals, assertStringIncludes } from "@std/assert";
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
    assertStringIncludes(out, "nearest neighbours (k 5, all there are)");
    const level = "top-1 (chance 50.00 %, 2 classes; most frequent class 50.00 %), ";
    assertEquals(out.split(level).length, 3, out);
    assertStringIncludes(out, "top-5 (chance 100.00 %)");
    assertStringIncludes(
      out,
      "6 of the 6 test images are training images too; each is left out of its own neighbours",
    );
    assertStringIncludes(
      out,
      "linear probe (lightly; cached features, standardised, without augmentation)",
    );
    assertStringIncludes(out, "trained on 4 and tested on 2 held out by seed");
    assertStringIncludes(out, `1 of 7 images of ${images} cannot be read and are left out`);
    assertStringIncludes(out, `added to ${path("run/evaluations.jsonl")}`);
    assertEquals(err.match(/warning: Skipped the image ".*broken.png"/g)?.length, 1, err);
    assertStringIncludes(err, `features of ${images}`);
    assertStringIncludes(err, "linear probe");

    const machine = JSON.parse((await evaluate(network, "--json", "--no-log")).out);
    assertEquals(machine.test, { data: images, samples: 2, skipped: 0, heldOut: 0.2 });
    assertEquals(machine.train, { data: images, samples: 4, skipped: 1 });
    assertEquals(machine.probe.mode, "cached features, standardised, without augmentation");

    for (
      const [args, message] of [
        [["--strict", "--test", images], "broken.png"],
        [["--k", "7", "--test", images], "k must be an integer in [1, 6], found 7"],
        [["--test", path("images/big dogs")], "every image must have a label"],
      ] as const
    ) {
      const refused = await evaluate(network, ...args);
      assertEquals([refused.code, refused.out], [1, ""]);
      assertStringIncludes(refused.err, "error: Cannot ");
      assertStringIncludes(refused.err, message);
    }
  }));
