import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { zeros } from "../../core/engine/graph/tensor.ts";
import { writeSafetensors } from "../../core/weights/safetensors.ts";
import type { ExpectedTensor } from "../../core/weights/verify_tensors.ts";
import { expectedClipFile } from "../../core/encoders/expected_clip_file.ts";
import { COMMIT, FakeHub, patterned, REPOSITORY } from "../core/weights/fake_hub.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Runs the task with permission for the hub's hosts and this machine alone. */
async function weights(cache: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-sys=homedir"],
      "--allow-net=huggingface.co,*.huggingface.co,*.hf.co,127.0.0.1",
      "--allow-env=HF_HOME,HF_HUB_CACHE,HUGGINGFACE_HUB_CACHE,XDG_CACHE_HOME,HOME,USERPROFILE," +
      "HF_TOKEN,HF_ENDPOINT",
      ...["tasks/weights.ts", ...args],
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1", HF_HUB_CACHE: cache, HF_TOKEN: "hf_test" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

async function inFolder(test: (folder: string, cache: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder, join(folder, "cache"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A configuration of one set, of a file for a network. */
async function writeConfig(folder: string, network?: string): Promise<string> {
  const path = join(folder, "weights.json");
  const file = {
    component: "model",
    paths: ["model.safetensors"],
    ...(network ? { network } : {}),
  };
  const entry = { description: "small", repository: REPOSITORY, revision: "main", files: [file] };
  await Deno.writeTextFile(path, JSON.stringify({ weights: { small: entry } }));
  return path;
}

/** A file of zeros in float16 of all that a network expects, after a change. */
async function writeTower(
  path: string,
  change: (tensors: Map<string, ExpectedTensor>) => void,
): Promise<void> {
  const open = {
    path,
    names: [],
    unreadable: new Map<string, string>(),
    has: (name: string) => name === "visual.trunk.stem.0.weight",
  };
  const { tensors } = expectedClipFile("convnext_base_w/laion2b_s13b_b82k_augreg", open);
  const changed = new Map(tensors);
  change(changed);
  await writeSafetensors(
    path,
    [...changed].map(([name, { shape }]) => [name, {
      dtype: "bool",
      shape,
      read: () => Promise.resolve(zeros("bool", shape)),
    }]),
    { overwrite: true },
  );
}

Deno.test("weights pull brings a set into the cache of the environment, and list shows it", () =>
  inFolder(async (folder, cache) => {
    await using hub = new FakeHub();
    hub.files.set("model.safetensors", { bytes: patterned(50_000), large: true });
    hub.faults.push({ endAfter: 20_000 });
    const options = ["--config", await writeConfig(folder), "--endpoint", hub.endpoint];
    const before = await weights(cache, "list", "small", ...options);
    assertStringIncludes(before.out, "not in the cache");
    const { code, out, err } = await weights(cache, "pull", "small", ...options);
    assertEquals(code, 0, err);
    const file = join(cache, "models--owner--small-model/snapshots", COMMIT, "model.safetensors");
    assertEquals(out.trim(), file);
    assertStringIncludes(err, "model.safetensors: 100 % of 50.0 kB");
    assertEquals(hub.ranges(), [null, "bytes=20000-"]);
    assert(hub.seen.some(({ authorization }) => authorization === "Bearer hf_test"));
    assert(!(out + err).includes("hf_test"), "the token is printed");
    const after = await weights(cache, "list", "small", ...options);
    assertStringIncludes(after.out, `in the cache: ${file}`);
  }));

Deno.test("weights pull reports a wrong checksum and exits with 1", () =>
  inFolder(async (folder, cache) => {
    await using hub = new FakeHub();
    hub.files.set("model.safetensors", { bytes: patterned(50_000), large: true });
    hub.faults.push({ corrupt: 7 });
    const options = ["--config", await writeConfig(folder), "--endpoint", hub.endpoint];
    const { code, err } = await weights(cache, "pull", "small", ...options);
    assertEquals(code, 1);
    assertStringIncludes(err, "error: Cannot download ");
    assertStringIncludes(err, "its sha256 checksum must be");
  }));

Deno.test("weights pull and verify take local files, and verify lists what differs", () =>
  inFolder(async (folder, cache) => {
    const file = join(folder, "model.safetensors");
    await writeTower(file, (tensors) => tensors.set("text_projection", { shape: [2] }));
    const config = [
      "--config",
      await writeConfig(folder, "convnext_base_w/laion2b_s13b_b82k_augreg"),
    ];
    const pulled = await weights(cache, "pull", "small", "--from", file, ...config);
    assertEquals(pulled.code, 0, pulled.err);
    const agreed = await weights(cache, "verify", "small", ...config);
    assertEquals(agreed.code, 0, agreed.err);
    assertStringIncludes(agreed.out, "the 343 tensors of convnext_base_w/");
    assertStringIncludes(agreed.out, "and 1 of other networks");

    const other = join(folder, "other.safetensors");
    await writeTower(other, (tensors) => {
      tensors.delete("visual.trunk.head.norm.bias");
      tensors.set("visual.head.proj.weight", { shape: [1024, 640] });
      tensors.set("visual.extra", { shape: [1] });
    });
    const differs = await weights(cache, "verify", "small", "--from", other, ...config);
    assertEquals(differs.code, 1);
    assertEquals(differs.out.trim().split("\n"), [
      `${other} differs from convnext_base_w/laion2b_s13b_b82k_augreg:`,
      "  missing: visual.trunk.head.norm.bias",
      "  unexpected: visual.extra",
      "  wrong shape: visual.head.proj.weight must be [640,1024], found [1024,640]",
    ]);
  }));

Deno.test("weights says what to run when files are not in the cache, or a host may not be asked", () =>
  inFolder(async (folder, cache) => {
    const config = ["--config", await writeConfig(folder)];
    const missing = await weights(cache, "verify", "small", ...config);
    assertEquals(missing.code, 1);
    assertStringIncludes(missing.err, 'run "deno task weights pull small"');
    const mirror = ["--endpoint", "http://192.0.2.1", ...config];
    const refused = await weights(cache, "pull", "small", ...mirror);
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.err, "with --allow-net for them");
    const wrong = await weights(cache, "push", "small");
    assertStringIncludes(wrong.err, 'must be list, pull or verify, found "push"');
  }));
