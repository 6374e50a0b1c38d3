import { assertRejects } from "@std/assert";
import { tensor } from "../../../core/engine/graph/tensor.ts";
import { readComponent } from "../../../core/masking/mod.ts";
import { writeNpy } from "../../../core/weights/npy.ts";
import { withFolder } from "../backbones/clip_golden.ts";

Deno.test("readComponent() refuses several components, and other types", () =>
  withFolder(async (path) => {
    await writeNpy(path("two.npy"), tensor("float32", [3, 2], new Float32Array(6)));
    await writeNpy(path("half.npy"), tensor("float16", [3], new Float16Array(3)));
    for (const name of ["two.npy", "half.npy"]) {
      await assertRejects(
        () => readComponent(path(name)),
        TypeError,
        "it must hold one component, float32[D,1]",
      );
    }
  }));
