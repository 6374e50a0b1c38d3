import { assertEquals, assertRejects } from "@std/assert";
import { resolveConfiguration } from "../../../../core/method/resolve_configuration.ts";
import { loadMethodByName } from "../../../../core/method/load.ts";
import { inBackground } from "../../../../core/studio/pictures/background.ts";
import { openCompiler } from "../../../../core/train/mod.ts";
import { bundledMethods } from "../../../../plugins/mod.ts";

const never = new AbortController().signal;

Deno.test("initial weights of a backbone are those that its run starts with", async () => {
  const configuration = resolveConfiguration({
    ...{ backbone: "clip_vit_tiny_patch8_64", imageSize: 32, seed: 3, batchSize: 2 },
    options: { projectorWidth: 8, projectorLayers: 2, predictorWidth: 4 },
  });
  await using compiler = openCompiler(await loadMethodByName("simsiam", bundledMethods));
  const request = { configuration, viewSizes: [32, 32], tuning: {} };
  const whole = await compiler.weights(request);
  const drawn = await inBackground({
    ...{ kind: "weights", backbone: "clip_vit_tiny_patch8_64", size: 32, seed: 3 },
    options: { imageSize: 32 },
  }, never);
  const own = [...whole].filter(([name]) => name.startsWith("backbone."));
  assertEquals(drawn.size, own.length);
  for (const [name, value] of own) assertEquals(drawn.get(name), value, name);
});

Deno.test("a worker says what is wrong, and ends when nobody waits", async () => {
  const request = {
    kind: "weights",
    backbone: "resnet19",
    options: {},
    size: 32,
    seed: 0,
  } as const;
  await assertRejects(() => inBackground(request, never), Error, "there is none of this name");
  const stop = new AbortController();
  const endless = inBackground({
    kind: "layout",
    neighbors: {
      rows: 4,
      indices: Int32Array.of(1, 3, 0, 2, 1, 3, 0, 2),
      similarities: new Float32Array(8).fill(0.9),
    },
    options: { epochs: 1e9 },
  }, stop.signal);
  setTimeout(() => stop.abort(new Error("enough")), 200);
  await assertRejects(() => endless, Error, "enough");
});
