import { assertEquals, assertRejects } from "@std/assert";
import bundled from "../../../core/weights/catalog.json" with { type: "json" };
import { openTensors } from "../../../core/weights/open_tensors.ts";
import { agrees, verifyTensors } from "../../../core/weights/verify_tensors.ts";
import { float32 } from "../../../core/engine/graph/tensor.ts";
import { writeSafetensors } from "../../../core/weights/safetensors.ts";
import { expectedPublishedFile, expectedUnclipFile } from "../../../core/unclip/expected_file.ts";
import { readPipelineGolden, withPipelineFolder } from "./pipeline_golden.ts";

const FILES: Readonly<Record<string, string>> = {
  "unclip/unet": "unet/diffusion_pytorch_model.safetensors",
  "unclip/vae": "vae/diffusion_pytorch_model.safetensors",
  "unclip/text_encoder": "text_encoder/model.safetensors",
  "unclip/image_normalizer": "image_normalizer/diffusion_pytorch_model.safetensors",
};

Deno.test("expectedUnclipFile() knows the tensors of diffusers' files by their configurations", async () => {
  await withPipelineFolder(await readPipelineGolden(), async (folder) => {
    for (const [network, name] of Object.entries(FILES)) {
      using file = await openTensors(`${folder}/${name}`);
      const { tensors, belongs } = (await expectedUnclipFile(network, file))!;
      const differences = verifyTensors(tensors, file, belongs);
      assertEquals(agrees(differences), true, `${network}: ${JSON.stringify(differences)}`);
      // A file of another component lacks them all.
      using other = await openTensors(`${folder}/image_encoder/model.safetensors`);
      assertEquals(verifyTensors(tensors, other, belongs).missing.length, tensors.size);
    }
  });
});

Deno.test("expectedUnclipFile() leaves other networks, and needs the configuration beside the file", async () => {
  await withPipelineFolder(await readPipelineGolden(), async (folder) => {
    using file = await openTensors(`${folder}/${FILES["unclip/unet"]}`);
    assertEquals(await expectedUnclipFile("ViT-H-14/laion2b_s32b_b79k", file), undefined);
    await Deno.remove(`${folder}/unet/config.json`);
    await assertRejects(() => expectedUnclipFile("unclip/unet", file), Deno.errors.NotFound);
  });
});

Deno.test("the catalogue's networks of Stable unCLIP are known", () => {
  const networks = bundled.weights["stable-unclip-2-1"].files.flatMap((file) =>
    "network" in file ? [file.network] : []
  );
  const own = networks.filter((network) => network?.startsWith("unclip/"));
  assertEquals(own.sort(), Object.keys(FILES).sort());
});

Deno.test("expectedPublishedFile() refuses CLIP weights that their publisher says are another's", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/open_clip_model.safetensors`;
    const mark = float32([1], [0]);
    await writeSafetensors(path, [["visual.class_embedding", mark]]);
    using file = await openTensors(path);
    const verify = (network: string) => expectedPublishedFile(network, file);
    assertEquals((await verify("ViT-B-16/laion2b_s34b_b88k")).tensors.size, 152);
    const vision_cfg = { image_size: 224, layers: 12, width: 768, patch_size: 16 };
    await Deno.writeTextFile(
      `${folder}/open_clip_config.json`,
      JSON.stringify({ model_cfg: { quick_gelu: true, vision_cfg } }),
    );
    assertEquals((await verify("ViT-B-16/openai")).tensors.size, 152);
    await assertRejects(
      () => verify("ViT-B-16/laion2b_s34b_b88k"),
      TypeError,
      "ViT-B-16/laion2b_s34b_b88k means GELU, mean 0.48145466 0.4578275 0.40821073, std ",
    );
    await assertRejects(() => verify("ViT-L-14/openai"), TypeError, "layers must be 24");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
