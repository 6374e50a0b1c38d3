import { assert, assertEquals } from "@std/assert";
import type { Backbone } from "../../../core/backbones/backbone.ts";
import { resNet } from "../../../core/backbones/resnet.ts";
import { openBackboneWeights } from "../../../core/encoders/backbone_weights.ts";
import { isFloat } from "../../../core/engine/graph/dtype.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { openTensors } from "../../../core/weights/open_tensors.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";
import { relativeError } from "../engine/nn/relative_error.ts";
import { runGraph } from "../../run_graph.ts";

const GOLDEN = new URL("../../../fixtures/golden/mmengine_checkpoint", import.meta.url).pathname;
const { size, channels } = JSON.parse(await Deno.readTextFile(`${GOLDEN}.json`));
const { tensors } = await readSafetensors(`${GOLDEN}.safetensors`);

Deno.test("openTensors() reads the state dict alone of a checkpoint of mmengine's runner", async () => {
  using file = await openTensors(`${GOLDEN}.pth`);
  const names = [...tensors.keys()].filter((name) => !name.startsWith("features/"));
  assertEquals([...file.names].sort(), names.sort());
  assertEquals(file.unreadable, new Map());
  for (const name of names) assertEquals(await file.read(name), tensors.get(name));
});

Deno.test("openTensors() names what else a checkpoint of mmengine's runner holds as unreadable", async () => {
  using file = await openTensors(`${GOLDEN}.pth`, { root: "message_hub" });
  assertEquals(file.names, []);
  assertEquals(
    file.unreadable.get("log_scalars.train/loss"),
    "it is made by mmengine.logging.history_buffer.HistoryBuffer, which is not known here",
  );
});

Deno.test("openBackboneWeights() reads the encoders of a checkpoint of mmengine's runner to their features", async () => {
  const network: Backbone = {
    name: "narrow ResNet-18",
    width: channels.at(-1),
    apply: (scope, images) =>
      resNet(scope, images, { block: "basic", depths: [2, 2, 2, 2], channels }).features,
  };
  const images = input("images", "float32", [2, 3, size, size]);
  for (const encoder of ["online", "momentum"] as const) {
    const weights = await openBackboneWeights(`${GOLDEN}.pth`, network, { size, encoder });
    assertEquals([weights.layout, weights.missing], ["mmpretrain: BYOL", []]);
    const floats = [...weights.tensors].filter(([, { dtype }]) => isFloat(dtype));
    const feeds = { ...Object.fromEntries(floats), images: hashedTensor("images", images.shape) };
    const made = await runGraph({ features: network.apply(new Scope(), images) }, feeds);
    const error = relativeError(made.features!.data, tensors.get(`features/${encoder}`)!.data);
    assert(error < 1e-4, `${encoder} features differ by ${error} of their norm`);
  }
});
