import { assertEquals } from "@std/assert";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import { filled, float32, type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import { constant, input, type Value } from "../../../../core/engine/graph/value.ts";
import { resize } from "../../../../core/engine/ops/resize.ts";
import { runGraph } from "../../../run_graph.ts";

const FROM = [1, 2, 3, 5, 7, 14, 15, 41];
const TO = [...Array.from({ length: 48 }, (_, i) => i + 1), 82, 123];

/** How many pixels copy each pixel of a row. */
function countCopies(row: Tensor, length: number): number[] {
  const counts = new Array<number>(length).fill(0);
  for (const pixel of row.data) counts[Number(pixel)]!++;
  return counts;
}

Deno.test("a nearest resize and its gradient read the same pixels at every scale", async () => {
  for (const from of FROM) {
    const x = input("x", "float32", [1, 1, 1, from]);
    const outputs: Record<string, Value> = {};
    for (const to of TO) {
      const y = resize(x, { size: [1, to], mode: "nearest" });
      const [dx] = gradients(y, [x], { seed: constant(filled("float32", y.shape, 1)) });
      Object.assign(outputs, { [`pixels of ${to}`]: y, [`copies in ${to}`]: dx });
    }
    const pixels = float32(x.shape, Array.from({ length: from }, (_, i) => i));
    const results = await runGraph(outputs, { x: pixels });
    for (const to of TO) {
      const copies = countCopies(results[`pixels of ${to}`]!, from);
      assertEquals([...results[`copies in ${to}`]!.data], copies, `${from} to ${to}`);
    }
  }
});

Deno.test("a nearest resize takes every type", async () => {
  const pixels = {
    bytes: tensor("uint8", [1, 1, 1, 3], Uint8Array.of(7, 8, 9)),
    integers: tensor("int64", [1, 1, 1, 3], BigInt64Array.of(7n, 8n, 9n)),
    doubles: tensor("float64", [1, 1, 1, 3], Float64Array.of(7, 8, 9)),
    halves: tensor("float16", [1, 1, 1, 3], Float16Array.of(7, 8, 9)),
  };
  const inputs = Object.entries(pixels).map(([name, { dtype, shape }]) =>
    input(name, dtype, shape)
  );
  const expected: Readonly<Record<number, number[]>> = { 2: [7, 8], 6: [7, 7, 8, 8, 9, 9] };
  for (const to of [2, 6]) {
    const outputs = inputs.map((x, i) =>
      [`y${i}`, resize(x, { size: [1, to], mode: "nearest" })] as const
    );
    const results = await runGraph(Object.fromEntries(outputs), pixels);
    for (const { data } of Object.values(results)) {
      assertEquals(Array.from(data, Number), expected[to]);
    }
  }
});
