import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { findUnclip } from "../../../core/unclip/find_unclip.ts";
import { openUnclip } from "../../../core/unclip/open_unclip.ts";
import { readPipelineGolden, withPipelineFolder } from "./pipeline_golden.ts";

const golden = await readPipelineGolden();
const FIXTURES = new URL("../../../fixtures/golden/", import.meta.url);

async function readFixture(name: string) {
  return JSON.parse(await Deno.readTextFile(new URL(name, FIXTURES)));
}

Deno.test("openUnclip() opens a folder as diffusers and transformers save it today", () =>
  withPipelineFolder(golden, async (folder) => {
    const { files } = await readFixture("unclip_tokenizer_saved.json");
    await Deno.remove(join(folder, "tokenizer"), { recursive: true });
    await Deno.mkdir(join(folder, "tokenizer"));
    for (const [name, text] of Object.entries<string>(files)) {
      await Deno.writeTextFile(join(folder, "tokenizer", name), text);
    }
    const { cases } = await readFixture("unclip_scheduler_switch.json");
    const { file } = cases.find(({ file }: { file: string }) => file.includes("-Infinity"));
    await Deno.writeTextFile(join(folder, "scheduler/scheduler_config.json"), file);
    const found = await findUnclip(folder);
    assertEquals([found.scheduler, found.precision], ["dpm-solver++", "float32"]);
    using pipeline = await openUnclip(found, { steps: 4, threads: 1 });
    assertEquals(pipeline.calls, 4);
    // Its file says nothing of skip_prk_steps, so PNDM takes its own default, as in diffusers.
    using pndm = await openUnclip(folder, { steps: 4, threads: 1, scheduler: "pndm" });
    assertEquals(pndm.calls, 13);
  }));

Deno.test("findUnclip() identifies a model by its weights, not by its folder", () =>
  withPipelineFolder(golden, async (folder) => {
    const { identity } = await findUnclip(folder);
    await withPipelineFolder(golden, async (other) => {
      assertEquals((await findUnclip(other)).identity, identity);
      const path = join(other, "vae/diffusion_pytorch_model.safetensors");
      const bytes = await Deno.readFile(path);
      bytes[bytes.length - 1]! ^= 1;
      await Deno.writeFile(path, bytes);
      assertEquals((await findUnclip(other)).identity === identity, false);
    });
  }));

Deno.test("findUnclip() names what is no model, and what has not been pulled", () =>
  withPipelineFolder(golden, async (folder) => {
    const cache = await Deno.makeTempDir();
    await assertRejects(
      () => findUnclip("stable-unclip-2-1", { cache }),
      TypeError,
      'run "deno task weights pull stable-unclip-2-1"',
    );
    await assertRejects(() => findUnclip("stable-unclip", { cache }), TypeError, "nearest is");
    await assertRejects(
      () => findUnclip(join(folder, "model_index.json")),
      TypeError,
      "a model must be a folder in diffusers' layout",
    );
    await Deno.remove(cache);
  }));
