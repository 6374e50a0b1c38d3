/**
 * A trial of a device: a small network whose result is known.
 *
 * @module
 */
import { GenviewError } from "../../errors/mod.ts";
import type { Shape } from "../graph/shape.ts";
import { elementCount } from "../graph/shape.ts";
import { float32, type Tensor } from "../graph/tensor.ts";
import { constant, input } from "../graph/value.ts";
import { encodeModel } from "../onnx/encode_model.ts";
import { conv } from "../ops/conv.ts";
import { flatten } from "../ops/flatten.ts";
import { matMul } from "../ops/mat_mul.ts";
import type { Device } from "./device.ts";
import { formatDevice } from "./device.ts";
import { DeviceTensor } from "./device_tensor.ts";
import { Session } from "./session.ts";

/** How long a trial took on a device. */
export interface TrialRun {
  /** Milliseconds to load the network. */
  readonly load: number;
  /** Milliseconds of one run, the least of several. */
  readonly run: number;
}

const CHANNELS = 3;
const FILTERS = 4;
const SIZE = 8;
const CLASSES = 5;
const RUNS = 10;

/**
 * Runs a convolution and a matrix product on a device, with every node there, and checks the result.
 *
 * All values are small integers, so that every sum is exact in float32 and every factor in the shorter formats that
 * devices multiply in: the result must be the same to the last bit.
 *
 * @throws {Error} if the result is wrong
 * @throws {OrtError} if the device cannot run it
 */
export async function trialRun(device: Device): Promise<TrialRun> {
  const image = integers([1, CHANNELS, SIZE, SIZE], 5);
  const filters = integers([FILTERS, CHANNELS, 3, 3], 3);
  const matrix = integers([FILTERS * SIZE * SIZE, CLASSES], 7);
  const started = performance.now();
  using session = await Session.create(encode(filters, matrix), { device, strict: true });
  const load = performance.now() - started;
  using x = DeviceTensor.from(image, device);
  using y = DeviceTensor.empty({ dtype: "float32", shape: [1, CLASSES] }, device);
  using binding = session.bind({ x }, { y });
  let run = Infinity;
  for (let i = 0; i < RUNS; i++) {
    const began = performance.now();
    await binding.run();
    run = Math.min(run, performance.now() - began);
  }
  const expected = multiply(convolve(image, filters), matrix);
  const found = y.read().data;
  if (expected.some((value, i) => value !== found[i])) {
    throw new GenviewError(
      `Cannot trust ${formatDevice(device)}: a small network must give ${expected}, found ${found}`,
    );
  }
  return { load, run };
}

/** Integers in [-half, half] for an odd `count`, in an order that repeats late. */
function integers(shape: Shape, count: number): Tensor<"float32"> {
  const half = (count - 1) / 2;
  const values = Array.from(
    { length: elementCount(shape) },
    (_, i) => (i * i + 3 * i) % 101 % count - half,
  );
  return float32(shape, values);
}

function encode(filters: Tensor, matrix: Tensor): Uint8Array<ArrayBuffer> {
  const x = input("x", "float32", [1, CHANNELS, SIZE, SIZE]);
  const maps = conv(x, constant(filters), { pads: 1 });
  return encodeModel({ outputs: { y: matMul(flatten(maps), constant(matrix)) } });
}

/** 3x3 convolution of one image with padding 1, row-major `[filter][row][column]`. */
function convolve(image: Tensor<"float32">, filters: Tensor<"float32">): number[] {
  const at = (channel: number, row: number, column: number) =>
    row < 0 || row >= SIZE || column < 0 || column >= SIZE
      ? 0
      : image.data[(channel * SIZE + row) * SIZE + column]!;
  return Array.from({ length: FILTERS * SIZE * SIZE }, (_, i) => {
    const filter = Math.floor(i / (SIZE * SIZE));
    const row = Math.floor(i / SIZE) % SIZE;
    const column = i % SIZE;
    let sum = 0;
    for (let k = 0; k < CHANNELS * 9; k++) {
      const weight = filters.data[filter * CHANNELS * 9 + k]!;
      const dy = Math.floor(k / 3) % 3 - 1;
      sum += weight * at(Math.floor(k / 9), row + dy, column + k % 3 - 1);
    }
    return sum;
  });
}

/** A row vector times a matrix of `CLASSES` columns. */
function multiply(row: readonly number[], matrix: Tensor<"float32">): number[] {
  return Array.from(
    { length: CLASSES },
    (_, column) =>
      row.reduce((sum, value, i) => sum + value * matrix.data[i * CLASSES + column]!, 0),
  );
}
