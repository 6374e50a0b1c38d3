import { assert, assertEquals } from "@std/assert";
import { backbone } from "../../../../core/backbones/mod.ts";
import { evaluationMemory } from "../../../../core/train/memory/evaluation_memory.ts";

Deno.test("evaluationMemory() is that of a batch of images, where a run evaluates", () => {
  const network = backbone("resnet18");
  const asked = { evaluateEvery: 1, evaluationData: "photos", imageSize: 224, views: "simsiam" };
  const small = evaluationMemory(network, asked)!;
  const large = evaluationMemory(network, { ...asked, imageSize: 448 })!;
  assertEquals(Math.round(large.activations / small.activations), 4);
  assert(small.nodes > 40);
  assertEquals(evaluationMemory(network, { ...asked, evaluateEvery: 0 }), undefined);
  assertEquals(evaluationMemory(network, { ...asked, evaluationData: "" }), undefined);
});
