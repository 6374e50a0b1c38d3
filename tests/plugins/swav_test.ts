import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkMethod } from "../../core/method/load.ts";
import { countParameters } from "../../core/train/step/method_graph.ts";
import plugin from "../../plugins/swav/mod.ts";
import { graphOf as smallGraphOf } from "../core/train/small_methods.ts";
import { presetGraphs } from "./preset_graphs.ts";

const swav = checkMethod(plugin, "swav");

Deno.test("SwAV's presets are configurations of networks that there are, with the published number of parameters", async () => {
  const graphs = await presetGraphs(swav);
  assertEquals([...graphs.keys()], ["imagenet", "cifar", "demo"]);
  const { graph, configuration } = graphs.get("imagenet")!;
  assertEquals(countParameters(graph), 28_354_752);
  assertEquals(graph.views.map(({ shape }) => shape[2]), [224, 224, 96, 96, 96, 96, 96, 96]);
  assertEquals(configuration.options["queueLength"], 15 * configuration.batchSize);
  const width = (name: string) =>
    [...graph.scope.declarations.values()].filter((declaration) =>
      declaration.kind === "trainable" && declaration.name.startsWith(name)
    ).reduce((sum, { value }) => sum + value.shape.reduce((a, b) => a * b, 1), 0);
  assertEquals([width("backbone."), width("projector."), width("prototypes.")], [
    23_508_032,
    4_462_720,
    384_000,
  ]);
});

Deno.test("SwAV refuses a queue that a batch does not fit into", () => {
  assertThrows(
    () => smallGraphOf(swav, { queueLength: 5 }),
    TypeError,
    "queueLength must be 0 or at least the batch size 8, found 5",
  );
});

Deno.test("SwAV's range of losses follows the number of prototypes", () => {
  for (const prototypes of [16, 3000]) {
    const { lossRange } = smallGraphOf(swav, { prototypes });
    assertEquals(lossRange!.collapsed, Math.log(prototypes));
    assert(lossRange!.healthy[1] < lossRange!.collapsed);
  }
});
