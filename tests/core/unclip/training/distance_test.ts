import { assert, assertThrows } from "@std/assert";
import { type Tensor, tensor, zeros } from "../../../../core/engine/graph/tensor.ts";
import { embeddingGaussian, frechetDistance } from "../../../../core/unclip/training/distance.ts";
import { hashedTensor } from "../../engine/nn/hashed_values.ts";

const GOLDEN = new URL("../../../../fixtures/golden/frechet_distance.json", import.meta.url);

interface Golden {
  readonly cases: readonly {
    readonly width: number;
    readonly rows: readonly number[];
    readonly distance: number;
  }[];
}

/** The reference's embeddings: each number with half of its left neighbour. */
function embeddings(side: number, rows: number, width: number): Tensor<"float32"> {
  const { data: plain, shape } = hashedTensor(`${width}/${side}`, [rows, width], 1, 0.25 * side);
  const data = plain.map((value, i) =>
    value + 0.5 * plain[i % width === 0 ? i + width - 1 : i - 1]!
  );
  return tensor("float32", shape, data);
}

Deno.test("frechetDistance() is SciPy's, also of fewer images than coordinates", async () => {
  const { cases } = JSON.parse(await Deno.readTextFile(GOLDEN)) as Golden;
  for (const { width, rows, distance } of cases) {
    const [a, b] = rows.map((count, side) => embeddingGaussian(embeddings(side, count, width)));
    for (const found of [frechetDistance(a!, b!), frechetDistance(b!, a!)]) {
      const error = Math.abs(found / distance - 1);
      assert(error < 1e-6, `${found} where it is ${distance}`);
    }
    assert(Math.abs(frechetDistance(a!, a!)) < 1e-5 * distance);
  }
});

Deno.test("frechetDistance() refuses what is no set of embeddings of one width", () => {
  const one = embeddingGaussian(embeddings(0, 4, 3));
  const other = embeddingGaussian(embeddings(0, 4, 5));
  assertThrows(() => frechetDistance(one, other), RangeError, "found 3 and 5");
  assertThrows(() => embeddingGaussian(zeros("float32", [1, 3])), RangeError, "at least 2 images");
  const infinite = tensor("float32", [2, 1], Float32Array.of(1, Infinity));
  assertThrows(() => embeddingGaussian(infinite), RangeError, "finite");
});
