import { assertEquals } from "@std/assert";
import { nearestName } from "../../../core/schema/nearest_name.ts";

Deno.test("nearestName() takes the name with the fewest edits", () => {
  const names = ["layer1.0.conv1.weight", "layer1.0.conv2.weight", "fc.weight"];
  assertEquals(nearestName("layer1.0.conv2.wieght", names), "layer1.0.conv2.weight");
  assertEquals(nearestName("c.weight", names), "fc.weight");
});

Deno.test("nearestName() takes the first of names that are equally near", () => {
  assertEquals(nearestName("b", ["a", "c"]), "a");
});

Deno.test("nearestName() regards case only between names that are otherwise equally near", () => {
  assertEquals(nearestName("vit-h-15", ["ViT-B-16", "ViT-L-14", "ViT-H-14"]), "ViT-H-14");
  assertEquals(nearestName("b", ["B", "b"]), "b");
});

Deno.test("nearestName() gives nothing when there are no names", () => {
  assertEquals(nearestName("b", []), undefined);
});
