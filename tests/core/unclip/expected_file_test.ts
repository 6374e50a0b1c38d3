import { assertEquals, assertRejects } from "@std/assert";
import bundled from "../../../core/weights/catalog.json" with { type: "json" };
import { openTensors } from "../../../core/weights/open_tensors.ts";
import { agrees, verifyTensors } from "../../../core/weights/verify_tensors.ts";
import { expectedUnclipFile } from "../../../core/unclip/expected_file.ts";
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
