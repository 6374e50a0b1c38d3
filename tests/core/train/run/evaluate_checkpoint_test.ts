import { assert, assertEquals, assertRejects } from "@std/assert";
import { readResults } from "../../../../core/evaluate/results.ts";
import { evaluateCheckpoint } from "../../../../core/train/run/evaluate_checkpoint.ts";
import { withFolder } from "../../backbones/clip_golden.ts";
import { readPublishedLayouts, writePublished } from "../../encoders/published_checkpoints.ts";
import { drawPictures } from "../../../tasks/square_pictures.ts";

const { checkpoints } = await readPublishedLayouts();

Deno.test("evaluateCheckpoint() judges either encoder of a checkpoint, and adds to the results of a folder", () =>
  withFolder(async (path) => {
    await drawPictures(path("photos"));
    await writePublished(path("moco.safetensors"), checkpoints.authors_moco2!);
    const options = {
      normalize: "imagenet",
      train: path("photos"),
      imageSize: 32,
      output: path("evaluations/moco"),
      trainedEpochs: 200,
    } as const;
    for (const encoder of ["online", "momentum"] as const) {
      const { results, log } = await evaluateCheckpoint(path("moco.safetensors"), {
        ...options,
        encoder,
        protocols: ["knn", "probe:moco-v2"],
      });
      assertEquals(results.map(({ protocol }) => protocol), ["knn", "probe"]);
      for (const { checkpoint, encoder: evaluated, imageSize } of results) {
        assertEquals([evaluated, imageSize], [encoder, 32]);
        assertEquals(checkpoint, { step: 0, epoch: 200, path: path("moco.safetensors") });
      }
      assertEquals(log, path("evaluations/moco/results.json"));
    }
    const stored = await readResults(path("evaluations/moco"));
    assertEquals(stored.map(({ encoder }) => encoder), [
      "online",
      "online",
      "momentum",
      "momentum",
    ]);
  }));

Deno.test("evaluateCheckpoint() refuses what lacks a part of the backbone, and data that are not named", () =>
  withFolder(async (path) => {
    const { "module.encoder_q.layer4.1.bn2.bias": _, ...entries } = checkpoints.authors_moco2!;
    await writePublished(path("moco.safetensors"), entries);
    await drawPictures(path("photos"));
    const options = { normalize: "imagenet", backbone: "resnet18" } as const;
    const error = await assertRejects(
      () => evaluateCheckpoint(path("moco.safetensors"), { ...options, train: path("photos") }),
      TypeError,
      "found no layer4.1.bn2.bias",
    );
    assert(error.message.startsWith(`Cannot evaluate ${path("moco.safetensors")}`));
    await assertRejects(
      () => evaluateCheckpoint(path("moco.safetensors"), options),
      TypeError,
      "--train must name labelled images",
    );
  }));
