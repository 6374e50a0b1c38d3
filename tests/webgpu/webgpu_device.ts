/**
 * The WebGPU device of tests, which may be a driver in software, and why tests on it are left out where there is none.
 *
 * @module
 */
import { checkDevice, type Device } from "../../core/engine/ort/mod.ts";
import { leftOut } from "../left_out.ts";

/** The device. */
export const WEBGPU: Device = { provider: "webgpu", index: 0 };

const check = checkDevice(WEBGPU);

/** Whether tests on it are left out, and why, as the end of a test's name. */
export const WITHOUT_WEBGPU: { readonly ignore: boolean; readonly why: string } = {
  ignore: !check.usable,
  why: leftOut(check, "left out, no WebGPU"),
};
