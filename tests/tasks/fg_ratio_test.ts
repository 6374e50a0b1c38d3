import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { tensor } from "../../core/engine/graph/tensor.ts";
import { parseRatioLines } from "../../core/noise/mod.ts";
import { ifThere } from "../../core/files/if_there.ts";
import { writeNpy } from "../../core/weights/npy.ts";
import { main as extract } from "../../tasks/extract_features.ts";
import { main } from "../../tasks/fg_ratio.ts";
import { withFolder } from "../core/backbones/clip_golden.ts";
import { hashedTensor } from "../core/engine/nn/hashed_values.ts";
import { drawPictures } from "./square_pictures.ts";
import { exportTinyBackbone } from "../core/encoders/tiny_backbone.ts";
import { lastOfEach } from "./last_of_each.ts";

type Path = (name: string) => string;

async function ratiosOf(path: string) {
  const { ratios, malformed } = parseRatioLines(await Deno.readTextFile(path));
  assertEquals(malformed, []);
  return ratios;
}

/** Options of a network and its images. */
function common(path: Path): string[] {
  return [
    ...["--input-list", path("images"), "--model", path("mine.safetensors")],
    ...["--device", "cpu", "--threads", "1"],
  ];
}

async function prepare(path: Path): Promise<void> {
  await drawPictures(path("images"));
  await exportTinyBackbone(path("mine.safetensors"));
}

Deno.test("fg-ratio gives the same ratios from stored features and from images, and resumes", () =>
  withFolder(async (path) => {
    await prepare(path);
    const stored = ["--num-vis", "0", "--output-dir", path("out"), "--dtype", "float32"];
    await extract([...common(path), ...stored]);
    const input = ["--input-list", path("images"), "--input-dir", path("out/mine")];
    await main([...input, "--output-dir", path("a"), "--batch-size", "4"]);
    const fromFeatures = await ratiosOf(path("a/fg_ratios.txt"));
    assertEquals(fromFeatures.length, 6);
    assertEquals(new Set(fromFeatures.map((line) => line.path)).has("big dogs/1.png"), true);
    const mean = fromFeatures.reduce((sum, { ratio }) => sum + ratio / 6, 0);
    assert(Math.abs(mean - 0.4) < 0.01, `the mean ratio is ${mean}`);

    const images = ["--from", "images", ...common(path), "--input-dir", path("out/mine")];
    await main([...images, "--output-dir", path("b"), "--batch-size", "4"]);
    assertEquals(await ratiosOf(path("b/fg_ratios.txt")), fromFeatures);

    // As a run leaves it that is killed while it appends.
    const whole = await Deno.readTextFile(path("b/fg_ratios.txt"));
    await Deno.writeTextFile(path("b/fg_ratios.txt"), whole.slice(0, -30));
    await main([...images, "--output-dir", path("b")]);
    assertEquals(await Deno.readTextFile(path("b/fg_ratios.txt")), whole);
    await main([...images, "--output-dir", path("b")]);
    assertEquals(await Deno.readTextFile(path("b/fg_ratios.txt")), whole);

    await main([...input, "--output-dir", path("c"), "--mask-type", "lt"]);
    const opposite = await ratiosOf(path("c/fg_ratios.txt"));
    opposite.forEach(({ ratio }, i) => assertEquals(ratio, 1 - fromFeatures[i]!.ratio));
    await assertRejects(
      () => main([...input, "--output-dir", path("a"), "--mask-type", "lt"]),
      TypeError,
      "it must hold ratios of the same component and threshold",
    );
    assertEquals(await ratiosOf(path("a/fg_ratios.txt")), fromFeatures);
    // The same relative paths, of other pictures.
    await drawPictures(path("others"));
    await assertRejects(
      () => main(lastOfEach([...input, "--input-list", path("others"), "--output-dir", path("d")])),
      TypeError,
      "its images' paths are relative to",
    );
  }));

Deno.test("fg-ratio takes a component from a file and a negative threshold, and joins a prefix to the paths", () =>
  withFolder(async (path) => {
    await prepare(path);
    const vector = hashedTensor("component", [192]).data;
    await writeNpy(path("pca.npy"), tensor("float32", [192, 1], vector));
    await Deno.writeTextFile(path("list.txt"), "cats/0.png\nbig dogs/2.png\ncats/none.png\n");
    const args = [
      ...["--from", "images", "--input-list", path("list.txt"), "--input-prefix", path("images")],
      ...["--model", path("mine.safetensors"), "--device", "cpu", "--pca-vectors", path("pca.npy")],
    ];
    await main([...args, "--output-dir", path("out"), "--fg-thre", "-0.5"]);
    const ratios = await ratiosOf(path("out/fg_ratios.txt"));
    const paths = ratios.map((line) => line.path);
    assertEquals(paths, [path("images/cats/0.png"), path("images/big dogs/2.png")]);
    assert(ratios.every(({ ratio }) => Number.isInteger(ratio * 16)));
    await main([...args, "--output-dir", path("all"), "--fg-thre=-1e9"]);
    assertEquals((await ratiosOf(path("all/fg_ratios.txt"))).map(({ ratio }) => ratio), [1, 1]);
    await assertRejects(
      () => main([...args, "--output-dir", path("none")]),
      TypeError,
      "--fg-thre must be given where --input-dir has no threshold.json",
    );
    await assertRejects(() => Deno.stat(path("none")), Deno.errors.NotFound);
  }));

Deno.test("fg-ratio counts images without features, and refuses a component of another width", () =>
  withFolder(async (path) => {
    await prepare(path);
    await Deno.mkdir(path("in/eigenvecters"), { recursive: true });
    const component = tensor("float32", [5, 1], Float32Array.of(1, 0, 0, 0, 0));
    await writeNpy(path("in/eigenvecters/pca_vectors.npy"), component);
    await Deno.mkdir(path("in/features/cats"), { recursive: true });
    const tokens = Float32Array.from({ length: 20 }, (_, i) => i % 5 === 0 ? i / 5 : 9);
    await writeNpy(path("in/features/cats/1.png.npy"), tensor("float32", [4, 5], tokens));
    const args = ["--input-dir", path("in"), "--fg-thre", "0.5", "--output-dir", path("out")];
    await main(["--input-list", path("images"), ...args]);
    assertEquals(await ratiosOf(path("out/fg_ratios.txt")), [{ path: "cats/1.png", ratio: 0.75 }]);
    await assertRejects(
      () => main(["--from", "images", ...common(path), ...args]),
      TypeError,
      "the component must have the 192 coordinates of mine's tokens, found 5",
    );
  }));

Deno.test("fg-ratio --help shows examples", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", "tasks/fg_ratio.ts", "--help"],
    cwd: new URL("../../", import.meta.url).pathname,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assertStringIncludes(text, "Examples:");
  assertStringIncludes(text, "840 GB");
});

/** Starts the task as a process of its own, with the permissions that deno.json gives it. */
function startTask(args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "fg-ratio", ...args],
    cwd: new URL("../../", import.meta.url).pathname,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** The process that holds the lock of a folder, once there is one. */
async function lockOwner(folder: string): Promise<number> {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    const text = await ifThere(Deno.readTextFile(`${folder}/.genview.lock`));
    if (text !== undefined && text.endsWith("\n")) return JSON.parse(text).process;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error("nobody locked the folder");
}

Deno.test("a second fg-ratio into the folder of one that runs is refused at once, and no ratio is lost", () =>
  withFolder(async (path) => {
    await prepare(path);
    await writeNpy(path("pca.npy"), hashedTensor("component", [192]));
    const args = (name: string, lines: string[]) => {
      Deno.writeTextFileSync(path(name), lines.join("\n"));
      return [
        ...["--from", "images", "--input-list", path(name), "--input-prefix", path("images")],
        ...["--model", path("mine.safetensors"), "--device", "cpu", "--threads", "1"],
        ...["--pca-vectors", path("pca.npy"), "--fg-thre", "0", "--output-dir", path("out")],
      ];
    };
    const cats = args("cats.txt", ["cats/0.png", "cats/1.png", "cats/2.png"]);
    const dogs = args("dogs.txt", ["big dogs/0.png", "big dogs/1.png", "big dogs/2.png"]);
    const first = startTask(cats);
    const owner = await lockOwner(path("out"));
    Deno.kill(owner, "SIGSTOP");
    const second = await startTask(dogs).output();
    Deno.kill(owner, "SIGCONT");
    const text = new TextDecoder().decode(second.stderr);
    assertEquals(second.code, 1);
    assertStringIncludes(text, `process ${owner}`);
    assertStringIncludes(text, "at work there");
    assertEquals(text.trim().split("\n").length, 1, text);
    assertEquals((await first.output()).code, 0);
    await main(dogs);
    assertEquals((await ratiosOf(path("out/fg_ratios.txt"))).length, 6);
  }));

Deno.test("fg-ratio takes the network that extraction.json names, and refuses another by both names", () =>
  withFolder(async (path) => {
    await prepare(path);
    await extract([...common(path), "--num-vis", "0", "--output-dir", path("out")]);
    const args = ["--from", "images", "--input-list", path("images"), "--device", "cpu"];
    const input = [...args, "--input-dir", path("out/mine")];
    await main([...input, "--output-dir", path("a")]);
    assertEquals((await ratiosOf(path("a/fg_ratios.txt"))).length, 6);
    await Deno.copyFile(path("mine.safetensors"), path("other.safetensors"));
    const error = await assertRejects(
      () => main([...input, "--model", path("other.safetensors"), "--output-dir", path("b")]),
      TypeError,
    );
    assertStringIncludes(error.message, "mine");
    assertStringIncludes(error.message, path("other.safetensors"));
    await assertRejects(() => Deno.stat(path("b")), Deno.errors.NotFound);
  }));
