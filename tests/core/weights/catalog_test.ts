import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { clipModel } from "../../../core/backbones/clip_models.ts";
import {
  catalogEntry,
  readCatalog,
  variantNames,
  wantedFiles,
} from "../../../core/weights/catalog.ts";

async function withConfig(content: string, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, content);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("readCatalog() knows the published weights, and their networks are ours", async () => {
  const { endpoint, weights } = await readCatalog("");
  assertEquals(endpoint, "https://huggingface.co");
  assertEquals(Object.keys(weights), [
    ...["clip-vit-h-14", "clip-vit-b-16", "clip-vit-b-16-openai", "clip-vit-l-14"],
    ...["clip-vit-l-14-openai", "clip-convnext-base-w", "stable-unclip-2-1"],
  ]);
  for (const { files } of Object.values(weights)) {
    for (const { network } of files) {
      const [model, pretrained] = network?.split("/") ?? [];
      // Those of Stable unCLIP have a test of their own.
      if (model !== undefined && model !== "unclip") {
        assertEquals(clipModel(model, pretrained).name, model);
      }
    }
  }
});

Deno.test("wantedFiles() puts the variant into the paths", async () => {
  const entry = catalogEntry(await readCatalog(""), "stable-unclip-2-1");
  assertEquals(variantNames(entry), ["fp32", "fp16"]);
  const unet = entry.files.findIndex(({ component }) => component === "unet");
  assertEquals(wantedFiles(entry, "")[unet]![0], "unet/diffusion_pytorch_model.safetensors");
  assertEquals(wantedFiles(entry, "fp16")[unet], [
    "unet/diffusion_pytorch_model.fp16.safetensors",
    "unet/diffusion_pytorch_model.fp16.bin",
  ]);
  assertThrows(() => wantedFiles(entry, "int8"), TypeError, "it has fp32 and fp16");
  const plain = catalogEntry(await readCatalog(""), "clip-vit-b-16");
  assertThrows(() => wantedFiles(plain, "fp16"), TypeError, "it has no variants");
});

Deno.test("catalogEntry() suggests the nearest name", async () => {
  const catalog = await readCatalog("");
  assertThrows(() => catalogEntry(catalog, "clip-vit-h14"), TypeError, '"clip-vit-h-14"');
});

Deno.test("readCatalog() lays a user's file over ours, set by set", async () => {
  const own = {
    weights: {
      "stable-unclip-2-1": { repository: "someone/mirror", revision: "v2" },
      mine: {
        description: "mine",
        repository: "me/mine",
        revision: "main",
        files: [{ component: "model", paths: ["a.pth"] }],
      },
    },
  };
  await withConfig(JSON.stringify(own), async (path) => {
    const catalog = await readCatalog(path);
    const entry = catalogEntry(catalog, "stable-unclip-2-1");
    assertEquals([entry.repository, entry.revision], ["someone/mirror", "v2"]);
    assertEquals(entry.files.length, 18);
    assertEquals(catalogEntry(catalog, "mine").files[0]!.paths, ["a.pth"]);
    assertEquals(catalogEntry(catalog, "clip-vit-b-16").revision, "main");
  });
});

Deno.test("readCatalog() says what is wrong with a user's file", async () => {
  await withConfig('{"weights":{"mine":{"repository":"me/mine"}}}', async (path) => {
    await assertRejects(
      () => readCatalog(path),
      TypeError,
      `Cannot read ${path}: weights.weights.mine must have required property 'description'`,
    );
  });
  await withConfig('{"endpoint":', async (path) => {
    await assertRejects(() => readCatalog(path), SyntaxError, `Cannot read ${path}: `);
  });
});
