import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
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
        const { weights, ...others } = checkpoint;
        assertEquals(others, { step: 0, epoch: 200, path: path("moco.safetensors") });
        assertMatch(weights!, /^[0-9a-f]{12}$/);
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

Deno.test("evaluateCheckpoint() keeps checkpoints and statistics apart that are evaluated into one folder", () =>
  withFolder(async (path) => {
    await drawPictures(path("photos"));
    const { authors_moco2, mmpretrain_byol } = checkpoints;
    await writePublished(path("moco.safetensors"), authors_moco2!);
    await writePublished(path("byol.safetensors"), mmpretrain_byol!);
    const options = {
      train: path("photos"),
      imageSize: 32,
      protocols: ["linear:A"],
      epochs: 1,
      heldOutShare: 0.5,
    } as const;
    const judged = async (name: string, normalize: "imagenet" | "clip", output?: string) => {
      const { results } = await evaluateCheckpoint(path(name), {
        ...options,
        normalize,
        ...(output && { output }),
      });
      return results[0]!.figures;
    };
    const all = [
      ["moco.safetensors", "imagenet"],
      ["byol.safetensors", "imagenet"],
      ["byol.safetensors", "clip"],
    ] as const;
    for (const [name, normalize] of all) {
      assertEquals(
        await judged(name, normalize, path("published")),
        await judged(name, normalize),
      );
    }
    assertEquals((await readResults(path("published"))).length, all.length);
    assertEquals((await Array.fromAsync(Deno.readDir(path("published/evaluations")))).length, 3);
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
