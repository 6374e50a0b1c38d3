/**
 * The device that tests run graphs on: the CPU, or the one that environment variable `GENVIEW_TEST_DEVICE` names.
 *
 * @module
 */
import { type Device, formatDevice, resolveDevice } from "../core/engine/ort/mod.ts";

const NAMED = resolveDevice(Deno.env.get("GENVIEW_TEST_DEVICE") || "cpu");

/** Where `runGraph` and the methods of `tests/plugins/fidelity.ts` run. What tests expect is exact to more digits than TF32 keeps. */
export const TEST_DEVICE: Device = NAMED.provider === "cuda"
  ? { ...NAMED, options: { use_tf32: "0" } }
  : NAMED;

/** Whether formulations that only the CPU has, those of the domain `com.microsoft.nchwc`, are left out, and why. */
export const CPU_ONLY: { readonly ignore: boolean; readonly why: string } = {
  ignore: TEST_DEVICE.provider !== "cpu",
  why: TEST_DEVICE.provider === "cpu"
    ? ""
    : ` (blocked kernels left out: only the CPU has them, GENVIEW_TEST_DEVICE is ${
      formatDevice(TEST_DEVICE)
    })`,
};
