import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { resolveConfiguration } from "../../../../core/method/resolve_configuration.ts";
import { RunLog } from "../../../../core/train/log/run_log.ts";
import { inFolder } from "../../../in_folder.ts";

Deno.test("RunLog names TensorBoard's tags in one style, and tells it the hyper-parameters", () =>
  inFolder(async (output) => {
    const configuration = resolveConfiguration({ options: { projectorWidth: 16 } });
    {
      using log = await RunLog.open(output, { method: "simsiam", configuration });
      log.step({
        step: 1,
        epoch: 0,
        learningRate: 0.1,
        seconds: 1,
        loss: -1,
        spread: 0.5,
        gradientNorm: 1,
        metrics: { generatedViews: 0.5 },
      });
      log.epoch(1, 1, { loss: -1, knnTop1: 0.5, recallAt1: 0.25 });
    }
    const folder = join(output, "tensorboard");
    const [file] = [...Deno.readDirSync(folder)];
    const text = new TextDecoder("latin1").decode(
      await Deno.readFile(join(folder, file!.name)),
    );
    const tags = [...text.matchAll(/(?:train|epoch)\/[a-z0-9_]*/g)].map(([tag]) => tag);
    assertEquals(tags, [
      "train/loss",
      "train/embedding_spread",
      "train/gradient_norm",
      "train/learning_rate",
      "train/seconds_per_step",
      "train/generated_views",
      "epoch/loss",
      "epoch/knn_top1",
      "epoch/recall_at_1",
    ]);
    for (const name of ["hparams", "learningRate", "option.projectorWidth"]) {
      assert(text.includes(name), name);
    }
  }));
