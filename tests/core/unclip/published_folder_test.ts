import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { PublishedFolder } from "../../../core/unclip/published_folder.ts";

async function withFiles(names: readonly string[], use: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    for (const part of ["unet", "text_encoder"]) await Deno.mkdir(join(folder, part));
    for (const name of names) await Deno.writeTextFile(join(folder, name), "");
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("PublishedFolder.weights() takes the type that is computed in, and safetensors before pickles", async () => {
  const stem = "unet/diffusion_pytorch_model";
  const names = [
    `${stem}.bin`,
    `${stem}.fp16.bin`,
    `${stem}.fp16.safetensors`,
    `${stem}.safetensors`,
  ];
  await withFiles(names, async (folder) => {
    const published = new PublishedFolder(folder);
    for (
      const [precision, order] of [["float32", [3, 0, 2, 1]], ["float16", [2, 1, 3, 0]]] as const
    ) {
      for (const name of names) await Deno.writeTextFile(join(folder, name), "");
      for (const index of order) {
        const found = await published.weights("unet", precision);
        assertEquals(found, join(folder, names[index]!));
        await Deno.remove(found);
      }
    }
  });
});

Deno.test("PublishedFolder.weights() has transformers' names of files", async () => {
  await withFiles(["text_encoder/pytorch_model.fp16.bin"], async (folder) => {
    const found = await new PublishedFolder(folder).weights("text_encoder", "float32");
    assertEquals(found, join(folder, "text_encoder/pytorch_model.fp16.bin"));
  });
});

Deno.test("PublishedFolder.weights() says which files would do", async () => {
  await withFiles(["text_encoder/other.safetensors"], async (folder) => {
    await assertRejects(
      () => new PublishedFolder(folder).weights("text_encoder", "float32"),
      Deno.errors.NotFound,
      `Cannot find the weights of the text_encoder in ${
        join(folder, "text_encoder")
      }: there must ` +
        "be one of model.safetensors, pytorch_model.bin, model.fp16.safetensors, " +
        "pytorch_model.fp16.bin",
    );
  });
});
