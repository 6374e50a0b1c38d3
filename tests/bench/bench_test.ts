/**
 * Benchmarks run, at their smallest: that they measure is tested, not what. Their peers are Python programs, so where
 * no interpreter has them the tests are skipped; GENVIEW_PYTHON names one that is not `python3`.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { hasMpi } from "../mpirun.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const PYTHON = Deno.env.get("GENVIEW_PYTHON") ?? "python3";

/** Whether the interpreter has some modules, and the machine can hold a program to one core. */
function hasPeers(...modules: readonly string[]): boolean {
  try {
    const args = ["-c", "0", PYTHON, "-c", `import ${modules.join(", ")}`];
    return new Deno.Command("taskset", { args, stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function bench(...args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "bench", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

function testWith(
  modules: readonly string[],
  name: string,
  run: () => Promise<void>,
): void {
  const there = hasPeers(...modules);
  Deno.test({
    name: there ? name : `${name} (skipped: ${PYTHON} has no ${modules.join(" and ")})`,
    ignore: !there,
    fn: run,
  });
}

testWith(["torch", "torchvision"], "bench views compares with torchvision", async () => {
  const args = ["--python", PYTHON, "--images", "16", "--rounds", "3"];
  const { code, out, err } = await bench("views", ...args);
  assertEquals(code, 0, err);
  assertMatch(out, /by the clock:\n +genview +[\d.]+ images\/s\n +torchvision +[\d.]+ images\/s/);
  assert(Number(/ratio of medians ([\d.]+)/.exec(out)![1]) > 0);
});

testWith(["torch", "torchvision", "timm"], "bench train compares with PyTorch", async () => {
  const args = ["--python", PYTHON, "--steps", "3", "--only", "resnet18"];
  const settings = ["eager", "channels-last"];
  const { code, out, err } = await bench("train", ...args, "--settings", settings.join(), "--json");
  assertEquals(code, 0, err);
  const lines = out.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(
    lines.map(({ name, setting }) => [name, setting]),
    settings.map((setting) => [
      "resnet18",
      setting,
    ]),
  );
});

Deno.test("bench train and bench methods refuse in a line what they cannot compare with", async () => {
  for (
    const [name, option] of [["train", "--settings"], ["methods", "--methods"]] as const
  ) {
    const { code, err } = await bench(name, option, "none");
    assertEquals(code, 1);
    assertMatch(err, /^error: Cannot compare [^\n]*"none": --\w+ must be of [^\n]*, found none\n$/);
  }
});

Deno.test("bench train refuses precisions that a device, a network or a method's peer has not", async () => {
  const refused = [
    [["--precision", "bfloat16"], "no kernels of it on the CPU, found --device cpu"],
    [["--precision", "bfloat16", "--device", "cuda", "--only", "resnet50"], "networks of matrix"],
    [["--precision", "float16", "--method", "byol"], "lightly's side computes in float32"],
  ] as const;
  for (const [args, reason] of refused) {
    const { code, out, err } = await bench("train", ...args, "--python", "no-python");
    assertEquals([code, out.includes("batch")], [1, false]);
    assertMatch(err, /^error: Cannot [^\n]+\n$/);
    assertStringIncludes(err, reason);
  }
});

testWith(["torch", "lightly"], "bench train compares a method's step with lightly's", async () => {
  const args = ["--python", PYTHON, "--steps", "3", "--batch", "4", "--peer", "plain"];
  const { code, out, err } = await bench("train", ...args, "--method", "byol", "--json");
  assertEquals(code, 0, err);
  const { method, peerSetting } = JSON.parse(out);
  assertEquals([method, peerSetting], ["byol", "plain"]);
});

testWith(
  ["torch", "lightly"],
  "bench methods trains both sides and keeps what is done",
  async () => {
    const output = await Deno.makeTempDir();
    const args = ["--python", PYTHON, "--methods", "simsiam", "--seeds", "1", "--epochs", "1"];
    const run = () => bench("methods", ...args, "--image-size", "32", "--output", output);
    const { code, out, err } = await run();
    assertEquals(code, 0, err);
    assertMatch(out, /\| simsiam \|( [\d.]+ \|){6}/);
    assertStringIncludes(err, "2 of 2: simsiam, seed 0, lightly: kNN");
    // Nothing is done twice.
    const again = await run();
    assertEquals([again.code, again.out], [0, out]);
    assert(!again.err.includes("kNN"), again.err);
    await Deno.remove(output, { recursive: true });
  },
);

testWith(["torch", "torchvision"], "bench start compares with PyTorch", async () => {
  const args = ["--python", PYTHON, "--rounds", "1", "--batch", "2"];
  const { code, out, err } = await bench("start", ...args, "--json");
  assertEquals(code, 0, err);
  const { ours, theirs, parts } = JSON.parse(out);
  for (const side of [ours, theirs]) assert(side["the first step is done"][0] > 0, out);
  assert(parts["draw initial weights"][1] > 0, out);
});

testWith(["torch", "open_clip"], "bench clip compares with open_clip", async () => {
  const args = ["--python", PYTHON, "--rounds", "3", "--only", "ViT-B-16"];
  const { code, out, err } = await bench("clip", ...args, "--json");
  assertEquals(code, 0, err);
  assertStringIncludes(out, "ViT-B-16");
});

testWith(["torch", "diffusers"], "bench unclip compares with diffusers", async () => {
  const args = ["--python", PYTHON, "--rounds", "1", "--only", "mid", "--calls", "1"];
  const { code, out, err } = await bench("unclip", ...args);
  assertEquals(code, 0, err);
  assertMatch(out, /mid, \d+ M parameters, 32 x 32 latents, 1 calls/);
  assertMatch(out, /by the clock +[\d.]+ times diffusers' speed \([\d.]+ against [\d.]+ s\)/);
});

testWith(
  ["torch", "torchvision", "timm", "diffusers", "open_clip"],
  "bench generator compares a step of the image encoder with PyTorch's",
  async () => {
    const stage = ["--only", "image-encoder", "--settings", "eager"];
    const size = ["--batch", "4", "--rounds", "1", "--threads", "1"];
    const { code, out, err } = await bench("generator", "--python", PYTHON, ...stage, ...size);
    assertEquals(code, 0, err);
    assertMatch(out, /image-encoder:\n +by the clock +[\d.]+ times PyTorch's \(eager\) speed/);
  },
);

Deno.test("bench component measures time and memory", async () => {
  const { code, out, err } = await bench("component", "--images", "20", "--width", "48");
  assertEquals(code, 0, err);
  assertMatch(out, /20 images of 256 tokens of 48 features, 0.00 GB in float32:/);
  assertMatch(out, /peak memory +0\.\d+ GB, 0\.\d+ GB of it before/);
  // The first of 48 features has a variance of 9, the others of 1.
  assertMatch(out, /the component has 1[56]\.\d\d % of the variance/);
});

Deno.test("bench geometry compares with sharp", async () => {
  const { code, out, err } = await bench("geometry", "--size", "32", "--rounds", "1");
  assertEquals(code, 0, err);
  assertMatch(
    out,
    /to 32 x 32: here [\d.]+ ms, sharp [\d.]+ ms, ratio [\d.]+; [\d.]+ % of the values/,
  );
});

Deno.test("bench conv times formulations", async () => {
  const { code, out, err } = await bench("conv", "--only", "vit_small_patch16_224", "--turns", "1");
  assertEquals(code, 0, err);
  assertMatch(out, /by weight +\* \w+ +[\d.]+ ms/);
});

testWith(["torch"], "bench conv compares with PyTorch", async () => {
  const args = ["--only", "demo", "--batch", "16", "--threads", "1", "--turns", "1"];
  const { code, out, err } = await bench("conv", ...args, "--python", PYTHON);
  assertEquals(code, 0, err);
  assertMatch(out, /^.*, \d+ cores, .*\ndemo 32 px, batch 16, threads: 1, blocks of \d+;/);
  // The first convolution has no gradient by the input.
  assertMatch(out, /\n3 -> 64, 7x7 \/ 2, on 32x32 +1( +\d+ +\d+ +\d+\.\d\d){2}\n/);
  assertMatch(out, /\n64 -> 64, 3x3, on 8x8 +4( +\d+ +\d+ +\d+\.\d\d){3}\n/);
  assertMatch(
    out,
    /\nall of them together take \d+ ms, PyTorch's \d+ ms: \d\.\d\d times its speed/,
  );
});

Deno.test("bench says which benchmark was meant", async () => {
  const { code, err } = await bench("vews");
  assertEquals(code, 1);
  assertStringIncludes(err, 'the nearest is "views"');
});

Deno.test("bench accumulation compares micro-batches with the whole batch", async () => {
  const args = ["--batch", "8", "--device-batch", "4", "--size", "32", "--steps", "3"];
  const { code, out, err } = await bench("accumulation", ...args);
  assertEquals(code, 0, err);
  assertMatch(out, /batch 8 by 4:\n +by the clock +[\d.]+ times the whole batch's speed/);
});

testWith(["torch", "torchvision"], "bench distributed compares with gloo", async () => {
  if (!hasMpi("openmpi") && !hasMpi("mpich")) return console.log("left out: mpirun is missing");
  const args = ["--python", PYTHON, "--steps", "1", "--rounds", "1", "--batch", "2", "--most", "1"];
  const { code, out, err } = await bench("distributed", ...args);
  assertEquals(code, 0, err);
  assertMatch(out, /1 process, 2 samples each\n +genview +\d+ ms a step.*\n +gloo +\d+ ms a step/);
});

Deno.test("bench distributed models clusters without measuring", async () => {
  const { code, out, err } = await bench("distributed", "--model", "2");
  assertEquals(code, 0, err);
  assertEquals(out.match(/^\| (ResNet-50|ViT-B) \|/gm)!.length, 2 * 3 * 7);
});

Deno.test("bench studio times its calls, and tries requests that are nearly right", async () => {
  const { code, out, err } = await bench("studio", "--steps", "2000", "--runs", "5");
  assertEquals(code, 0, err);
  assertMatch(out, /one run of 2000 steps[\s\S]* bar 1000 ms[\s\S]*5 runs[\s\S]* bar 300 ms/);
  const tried = await bench("studio", "--requests", "200");
  assertEquals(tried.code, 0, tried.err);
  assertMatch(tried.out, /\b0 faults/);
});
