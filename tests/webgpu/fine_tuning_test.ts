import { assert, assertEquals } from "@std/assert";
import { CPU, type Device } from "../../core/engine/ort/mod.ts";
import { fineTune } from "../../core/evaluate/fine_tune.ts";
import { buildFineTuning } from "../../core/evaluate/fine_tuning_graph.ts";
import {
  type FineTuningRecipe,
  fineTuningRecipe,
} from "../../core/evaluate/fine_tuning_recipes.ts";
import { supervisedData } from "../../core/evaluate/supervised_data.ts";
import { colors, RECIPE } from "../core/evaluate/colored_images.ts";
import { SIZE, smallBackbone } from "../core/train/small_methods.ts";
import { WEBGPU, WITHOUT_WEBGPU } from "./webgpu_device.ts";

Deno.test({
  name: `fine-tuning in parts of a batch on WebGPU follows the CPU${WITHOUT_WEBGPU.why}`,
  ignore: WITHOUT_WEBGPU.ignore,
  async fn() {
    const recipe: FineTuningRecipe = {
      ...fineTuningRecipe("vit", 1),
      learningRate: 1,
      classifierLearningRate: 1,
      course: { kind: "constant" },
    };
    const backbone = smallBackbone;
    const data = await supervisedData({
      bank: colors("bank", ["green", "red"], { each: 6 }),
      queries: colors("queries", ["red", "green"], { each: 2 }),
    });
    const { scope } = buildFineTuning({
      ...{ backbone, recipe, batchSize: 2, size: SIZE, classes: 2 },
      normalize: RECIPE.normalize,
    });
    const tensors = new Map(scope.initialize(1));
    const train = (device: Device) =>
      fineTune({ backbone, device, tensors }, data, {
        ...{ recipe, evaluation: RECIPE, seed: 2 },
        ...{ batchSize: 6, deviceBatchSize: 2, epochs: 4 },
      });
    const [expected, found] = [await train(CPU), await train(WEBGPU)];
    assertEquals(found.losses.length, 4);
    assert(expected.losses.at(-1)! < 0.98 * expected.losses[0]!, `${expected.losses}`);
    for (const [epoch, loss] of found.losses.entries()) {
      const off = Math.abs(loss / expected.losses[epoch]! - 1);
      assert(off < 1e-3, `epoch ${epoch}: ${loss}, not ${expected.losses[epoch]}`);
    }
    assertEquals(found.top1, expected.top1);
  },
});
