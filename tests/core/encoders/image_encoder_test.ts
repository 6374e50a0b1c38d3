import { assertEquals, assertRejects } from "@std/assert";
import { ImageEncoder } from "../../../core/encoders/image_encoder.ts";
import { float32, tensor } from "../../../core/engine/graph/tensor.ts";
import { input, type Value } from "../../../core/engine/graph/value.ts";
import { encodeModel } from "../../../core/engine/onnx/encode_model.ts";
import { mul } from "../../../core/engine/ops/mul.ts";
import { reduceMean } from "../../../core/engine/ops/reduce_mean.ts";
import { CPU, DeviceTensor, Session } from "../../../core/engine/ort/mod.ts";

const OPTIONS = {
  batchSize: 3,
  size: 2,
  normalize: { mean: [0, 0, 0], std: [1, 1, 1] },
} as const;

/** The mean of each channel of an image, and the same multiplied by a parameter. */
function load(normalized: Value): Promise<Session> {
  const mean = reduceMean(normalized, { axes: [2, 3] });
  const scaled = mul(mean, input("scale", "float32", [1]));
  return Session.create(encodeModel({ outputs: { mean, scaled } }), { device: CPU });
}

function images(...levels: number[]) {
  return tensor(
    "uint8",
    [levels.length, 2, 2, 3],
    Uint8Array.from(levels.flatMap((level) => Array<number>(12).fill(level))),
  );
}

Deno.test("ImageEncoder fills up short batches and cuts their outputs, each by its name", async () => {
  using scale = DeviceTensor.from(float32([1], [2]));
  const weights = new Map([["scale", scale]]);
  using encoder = await ImageEncoder.create(OPTIONS, load, ["mean", "scaled"], weights);
  const whole = await encoder.encode(images(255, 0, 51));
  assertEquals(whole.mean.shape, [3, 3]);
  assertEquals([...whole.mean.data.subarray(0, 3)], [1, 1, 1]);
  const short = await encoder.encode(images(0, 255));
  assertEquals(short.scaled, float32([2, 3], [0, 0, 0, 2, 2, 2]));
  scale.write(float32([1], [3]));
  assertEquals((await encoder.encode(images(255))).scaled, float32([1, 3], [3, 3, 3]));
  // What came before stays as it was.
  assertEquals(short.scaled, float32([2, 3], [0, 0, 0, 2, 2, 2]));
});

Deno.test("ImageEncoder refuses parameters that are missing and images that do not fit", async () => {
  await assertRejects(
    () => ImageEncoder.create(OPTIONS, load, ["mean"]),
    TypeError,
    'Cannot encode images: parameter "scale" (float32[1]) is missing',
  );
  using scale = DeviceTensor.from(float32([1], [2]));
  using encoder = await ImageEncoder.create(OPTIONS, load, ["mean"], new Map([["scale", scale]]));
  await assertRejects(
    () => encoder.encode(images(1, 2, 3, 4)),
    RangeError,
    "Cannot encode uint8[4,2,2,3]: at most uint8[3,2,2,3] fits",
  );
});
