import { assertThrows } from "@std/assert";
import { checkMethod } from "../../core/method/load.ts";
import { buildMethodGraph } from "../../core/train/step/method_graph.ts";
import plugin from "../../plugins/moco-v2/mod.ts";
import { smallBackbone } from "../core/train/small_methods.ts";
import { testMethod } from "./method_checks.ts";

const mocoV2 = checkMethod(plugin, "moco-v2");

testMethod(mocoV2, {
  options: { hiddenWidth: 32, width: 16, queueLength: 64, groupSize: 4 },
  refused: [
    [{ temperature: 0 }, "options.temperature"],
    [{ groupSize: 1 }, "options.groupSize"],
    [{ queueLength: 5 }, "queueLength must be a whole batch of 6, found 5"],
  ],
  refusedViews: [1, 3],
});

Deno.test("MoCo v2 refuses a batch that is not of equal groups", () => {
  assertThrows(
    () =>
      buildMethodGraph(mocoV2, {
        backbone: smallBackbone,
        viewSizes: [8, 8],
        batchSize: 10,
        options: { groupSize: 3 },
      }),
    TypeError,
    "the batch must be of equal groups for batch norm, of about groupSize 3; found 10 for 3 groups",
  );
});
