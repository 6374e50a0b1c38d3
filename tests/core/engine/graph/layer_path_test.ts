import { assertEquals, assertThrows } from "@std/assert";
import { layerPath, withinLayer } from "../../../../core/engine/graph/layer_path.ts";
import { producer } from "../../../../core/engine/graph/node.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { neg } from "../../../../core/engine/ops/neg.ts";

const x = input("x", "float32", [2]);

Deno.test("a node remembers the layer in which it was made, the innermost one", () => {
  const [inner, outer] = withinLayer("a", () => {
    const first = withinLayer("a.b", () => neg(x));
    return [first, neg(first)] as const;
  });
  assertEquals([producer(inner)!.path, producer(outer)!.path], ["a.b", "a"]);
});

Deno.test("withinLayer() comes back to the outer layer, also after an error", () => {
  withinLayer("a", () => {
    assertThrows(() =>
      withinLayer("a.b", () => {
        throw new RangeError("broken");
      }), RangeError);
    assertEquals(layerPath(), "a");
  });
  assertEquals(layerPath(), "");
});
