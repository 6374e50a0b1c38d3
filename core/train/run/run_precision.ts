/**
 * What a run's networks compute in, by its configuration and its device.
 *
 * @module
 */
import type { ConvProblem } from "../../engine/ops/convolution/problem.ts";
import {
  type Device,
  HALF_TRIALS,
  OrtError,
  testOperators,
  type WrongOperator,
} from "../../engine/ort/mod.ts";
import type { Precision } from "../../engine/precision/mod.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import type { Configuration } from "../../method/configuration.ts";

/** Where bfloat16 is not to be had, and why. */
const WITHOUT_BFLOAT16: Readonly<Partial<Record<Device["provider"], string>>> = {
  cpu: "ONNX Runtime has no kernels of it on the CPU",
  webgpu: "WebGPU has no such type",
};

/**
 * The precision of a run: `auto` is float16 on CUDA, whose tensor cores are what it is for, and float32 elsewhere.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { CPU } from "../../engine/ort/mod.ts";
 * import { resolvePrecision } from "./run_precision.ts";
 *
 * assertEquals(resolvePrecision({ precision: "auto" }, { provider: "cuda", index: 0 }), "float16");
 * assertEquals(resolvePrecision({ precision: "auto" }, CPU), "float32");
 * ```
 *
 * @throws {TypeError} if the device has no such type
 */
export function resolvePrecision(
  { precision }: Pick<Configuration, "precision">,
  { provider }: Device,
): Precision {
  if (precision === "auto") return provider === "cuda" ? "float16" : "float32";
  const reason = precision === "bfloat16" ? WITHOUT_BFLOAT16[provider] : undefined;
  if (reason === undefined) return precision;
  throw new GenviewTypeError(
    `Cannot train with --precision bfloat16: ${reason}, found --device ${provider}; ` +
      "choose float16 or float32",
  );
}

/** The convolutions of a network of float32 as a precision has them, for which formulations are chosen. */
export function convolutionsIn(
  precision: Precision,
  convolutions: readonly ConvProblem[],
): ConvProblem[] {
  // Those of bfloat16 stay in float32.
  const dtype = precision === "float16" ? precision : undefined;
  return convolutions.map((problem) => dtype === undefined ? problem : { ...problem, dtype });
}

function testHalf(device: Device): Promise<WrongOperator[]> {
  return testOperators(device, { provider: device.provider }, HALF_TRIALS);
}

/**
 * Makes sure that a device computes in a precision: of WebGPU's, only those with the feature `shader-f16` have float16, which
 * is tested where it is asked for. On CUDA it is part of what makes a device trusted.
 *
 * @param test finds the operators that a device computes wrongly in float16
 * @throws {TypeError} if it does not
 */
export async function checkDevicePrecision(
  precision: Precision,
  device: Device,
  test: (device: Device) => Promise<WrongOperator[]> = testHalf,
): Promise<void> {
  if (precision !== "float16" || device.provider !== "webgpu") return;
  const wrong = await test(device).catch((cause) => {
    if (!(cause instanceof OrtError)) throw cause;
    throw new GenviewTypeError(
      "Cannot train with --precision float16: the GPU must have WebGPU's feature shader-f16, found " +
        `"${cause.message}"; choose --precision float32`,
      { cause },
    );
  });
  if (wrong.length === 0) return;
  const list = wrong.map(({ name, fault }) => `${name} (${fault})`).join(", ");
  throw new GenviewTypeError(
    `Cannot train with --precision float16: the GPU must compute it as the CPU does, found wrong: ${list}; ` +
      "choose --precision float32",
  );
}

/**
 * Checks that a network gains by a precision, and what it costs where it does not.
 *
 * @param convolutions those of the network
 * @returns sentences for people
 * @throws {TypeError} if its convolutions have no kernels of that type
 */
export function checkPrecision(
  precision: Precision,
  { provider }: Device,
  convolutions: readonly ConvProblem[],
): string[] {
  const overlapping = convolutions.find(({ w, attributes }) =>
    attributes.strides.some((stride, axis) => stride !== w[axis + 2])
  );
  if (precision === "bfloat16" && overlapping !== undefined) {
    throw new GenviewTypeError(
      "Cannot train with --precision bfloat16: it is for networks of matrix products, such as ViTs, because ONNX Runtime " +
        `has no convolutions of it, found one by a kernel [${
          overlapping.w.join(",")
        }]; choose float16`,
    );
  }
  return precision === "float16" && provider === "cpu"
    ? [
      "--precision float16 is slower than float32 on the CPU, which converts before and after each operator",
    ]
    : [];
}
