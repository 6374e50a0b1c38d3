import { assertEquals, assertRejects } from "@std/assert";
import { datasetOf } from "../../../core/data/mod.ts";
import { float32 } from "../../../core/engine/graph/tensor.ts";
import { FeatureFiles } from "../../../core/masking/mod.ts";
import { computeRatios, type RatioEvent } from "../../../core/noise/mod.ts";
import { writeNpy } from "../../../core/weights/npy.ts";
import { withFolder } from "../backbones/clip_golden.ts";

type Path = (name: string) => string;

/** Stored features of some images, with a component. */
async function prepare(path: Path, keys: readonly string[]): Promise<void> {
  const files = new FeatureFiles(path("in"));
  for (const [i, key] of keys.entries()) {
    await files.write(key, float32([2, 2], [i, 9, i + 1, 9]), "float32");
  }
  await writeNpy(path("component.npy"), float32([2, 1], [1, 0]));
}

function imagesOf(keys: readonly string[]) {
  return datasetOf("images", keys.length, (i) => ({
    key: keys[i]!,
    source: {
      kind: "encoded",
      name: keys[i]!,
      read: () => Promise.reject(new Error("no image is read")),
    },
  }));
}

function options(path: Path, keys: readonly string[]) {
  return {
    images: imagesOf(keys),
    inputDir: path("in"),
    pcaVectors: path("component.npy"),
    fgThre: 0.5,
    outputDir: path("out"),
  };
}

Deno.test("computeRatios() reports paths that no line can hold, and writes the others", () =>
  withFolder(async (path) => {
    const keys = ["a.jpg", "b\n.jpg", " c.jpg", "d.jpg"];
    await prepare(path, keys);
    const events: RatioEvent[] = [];
    const outcome = await computeRatios(options(path, keys), {
      report: (event) => events.push(event),
    });
    assertEquals([outcome.computed, outcome.refused], [2, ["b\n.jpg", " c.jpg"]]);
    assertEquals(await Deno.readTextFile(outcome.path), "a.jpg 0.5\nd.jpg 1.0\n");
    assertEquals(events.filter(({ kind }) => kind === "warning").length, 2);
  }));

Deno.test("computeRatios() goes on from lines that are written with ./", () =>
  withFolder(async (path) => {
    const keys = ["a.jpg", "b.jpg"];
    await prepare(path, keys);
    const first = await computeRatios(options(path, keys.slice(0, 1)));
    await Deno.writeTextFile(first.path, "./a.jpg 0.5\n");
    const { computed, present } = await computeRatios(options(path, keys));
    assertEquals([computed, present], [1, 1]);
  }));

Deno.test("computeRatios() says in one line what is wrong with its paths", () =>
  withFolder(async (path) => {
    await prepare(path, ["a.jpg"]);
    await Deno.writeTextFile(path("file"), "");
    const own = options(path, ["a.jpg"]);
    const cases: [Partial<typeof own>, string][] = [
      [{ outputDir: path("file/out") }, "a part of its path is a file"],
      [{ pcaVectors: path("none.npy") }, "there is no such file or folder"],
      [{ pcaVectors: path("in") }, "it is a folder; name a file"],
      [{ pcaVectors: "", inputDir: path("none") }, "must hold eigenvectors/pca_vectors.npy"],
      [{ inputDir: "" }, "--input-dir must name a folder"],
    ];
    for (const [changed, message] of cases) {
      await assertRejects(() => computeRatios({ ...own, ...changed }), Error, message);
    }
    await assertRejects(() => Deno.stat(path("out")), Deno.errors.NotFound);
  }));
