import { assertEquals, assertThrows } from "@std/assert";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import { producer } from "../../../../core/engine/graph/node.ts";
import {
  currentTarget,
  type GraphTarget,
  isForThisCpu,
  withTarget,
} from "../../../../core/engine/graph/target.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { conv } from "../../../../core/engine/ops/conv.ts";
import { reduceSum } from "../../../../core/engine/ops/reduce_sum.ts";
import { encodeModel } from "../../../../core/engine/onnx/encode_model.ts";

const TARGET: GraphTarget = { channelBlock: 8, choices: { a: { forward: "direct" } } };

Deno.test("withTarget() holds for what is built inside, also if that throws", () => {
  const outer = currentTarget();
  const inner = withTarget(TARGET, () => {
    assertThrows(() =>
      withTarget({}, () => {
        throw new RangeError("inside");
      }), RangeError);
    assertEquals(isForThisCpu(), true);
    return currentTarget();
  });
  assertEquals(inner, TARGET);
  assertEquals(currentTarget(), outer);
  assertEquals(isForThisCpu(), false);
});

Deno.test("Nodes keep their target, and gradients are built for it wherever they are taken", () => {
  const build = () => {
    const x = input("x", "float32", [4, 16, 20, 20]);
    const w = input("w", "float32", [32, 16, 3, 3]);
    return { w, loss: reduceSum(conv(x, w, { pads: 1 })) };
  };
  const differentiated = ({ w, loss }: ReturnType<typeof build>) => gradients(loss, [w])[0]!;
  const encoded = (dw: ReturnType<typeof differentiated>) => encodeModel({ outputs: { dw } });
  const outside = differentiated(withTarget(TARGET, build));
  assertEquals(producer(outside)!.target, TARGET);
  const inside = withTarget(TARGET, () => differentiated(build()));
  assertEquals(encoded(outside), encoded(inside));
});
