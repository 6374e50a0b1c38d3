import { assertEquals } from "@std/assert";
import { checkMethod } from "../../core/method/load.ts";
import plugin from "../../plugins/dino/mod.ts";
import { presetGraphs } from "./preset_graphs.ts";

const method = checkMethod(plugin, "dino");

Deno.test("dino's presets are configurations of networks that there are", async () => {
  const graphs = await presetGraphs(method);
  assertEquals([...graphs.keys()], ["imagenet", "cifar", "demo"]);
});
