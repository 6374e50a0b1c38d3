import { assertEquals, assertRejects } from "@std/assert";
import { datasetOf } from "../../../core/data/mod.ts";
import { backbone } from "../../../core/backbones/mod.ts";
import { IMAGENET_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { backboneTokenNetwork } from "../../../core/encoders/mod.ts";
import { filled, float32 } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/mod.ts";
import { FeatureFiles } from "../../../core/masking/mod.ts";
import { computeRatios, type RatioEvent } from "../../../core/noise/mod.ts";
import { writeNpy } from "../../../core/weights/npy.ts";
import { withFolder } from "../backbones/clip_golden.ts";
import { hashedParameters } from "../engine/nn/hashed_values.ts";

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

Deno.test("computeRatios() gives no ratio to images whose scores are not finite", () =>
  withFolder(async (path) => {
    const keys = ["a.jpg", "b.jpg", "c.jpg"];
    await prepare(path, keys);
    const file = new FeatureFiles(path("in")).path("b.jpg");
    await writeNpy(file, float32([2, 2], [NaN, 9, 1, 9]), { overwrite: true });
    const warnings: string[] = [];
    const report = (event: RatioEvent) => {
      if (event.kind === "warning") warnings.push(event.message);
    };
    const stored = await computeRatios(options(path, keys), { report });
    assertEquals([stored.computed, stored.without], [2, 1]);
    assertEquals(await Deno.readTextFile(stored.path), "a.jpg 0.5\nc.jpg 1.0\n");
    assertEquals(warnings, [
      "no ratio of b.jpg: its scores must be finite, found NaN or infinity; check the network's weights",
    ]);

    // By a network that computes NaN for all images.
    const vit = backbone("vit_tiny_patch16_224");
    const scope = new Scope();
    vit.apply(scope, input("images", "float32", [1, 3, 64, 64]));
    const weights = new Map(Object.entries(hashedParameters(scope)));
    weights.set("norm.bias", filled("float32", [192], NaN));
    const normalize = IMAGENET_NORMALIZATION;
    const network = backboneTokenNetwork(vit, weights, { name: "tiny", size: 64, normalize });
    await writeNpy(path("wide.npy"), filled("float32", [192, 1], 1));
    const data = new Uint8Array(64 * 64 * 3);
    const render = () => Promise.resolve({ width: 64, height: 64, data });
    const images = datasetOf("drawn", 2, (i) => ({
      key: `${i}.png`,
      source: { kind: "rendered", name: `${i}.png`, render },
    }));
    const encoded = await computeRatios({
      ...{ from: "images", images, network, fgThre: 0 },
      ...{ pcaVectors: path("wide.npy"), outputDir: path("encoded") },
    }, { report });
    assertEquals([encoded.computed, encoded.without], [0, 2]);
    assertEquals(await Deno.readTextFile(encoded.path), "");
    assertEquals(warnings.length, 3);
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
