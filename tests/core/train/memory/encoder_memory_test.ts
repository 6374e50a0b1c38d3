import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { encoderMemory } from "../../../../core/train/memory/encoder_memory.ts";
import { inFolder } from "../../../in_folder.ts";
import { writeNetwork } from "../run/untrained_network.ts";

const BATCH = { qualityImageSize: 0, batchSize: 256, deviceBatchSize: 0 };

Deno.test("encoderMemory() knows a CLIP model by its name, without its weights", async () => {
  const found = await encoderMemory({ ...BATCH, qualityEncoder: "convnext_base_w" });
  assertEquals(Math.round(found!.weights / 4e6), 88);
  // Both views of one pair need about a sixteenth of what sixteen pairs need.
  const one = await encoderMemory({
    ...BATCH,
    qualityEncoder: "convnext_base_w",
    deviceBatchSize: 1,
  });
  const share = one!.activations / found!.activations;
  assert(share > 1 / 17 && share < 1 / 12, `${share}`);
  assertEquals(await encoderMemory({ ...BATCH, qualityEncoder: "" }), undefined);
});

Deno.test("encoderMemory() reads the network of a run, and refuses what is none", () =>
  inFolder(async (folder) => {
    const network = { backbone: "resnet18" };
    const path = await writeNetwork(join(folder, "checkpoints"), "photos", network);
    const found = await encoderMemory({ ...BATCH, qualityEncoder: folder });
    // Parameters and running statistics of ResNet-18.
    assertEquals(Math.round(found!.weights / 4e5), 112, path);
    assert(found!.nodes > 40 && found!.activations > 0);
    await assertRejects(
      () => encoderMemory({ ...BATCH, qualityEncoder: join(folder, "none") }),
      Error,
      "none",
    );
  }));
