/**
 * What a device is made of, as far as the system reports it: hardware and driver.
 *
 * @module
 */
import { cpus } from "node:os";
import type { Device } from "../device.ts";
import { nvidiaDevices } from "../nvidia_devices.ts";
import { vulkanDevices } from "../vulkan_devices.ts";

function nvidiaHardware(): string | undefined {
  const found = nvidiaDevices();
  return found && [...found.names, `driver ${found.driver}`].join(", ");
}

/** The processor's model, where the permission to ask is there: without it Deno would ask people. */
function processorModel(): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "cpus" });
  return state === "granted" ? cpus()[0]?.model : undefined;
}

/**
 * Hardware and driver of a device as a text that changes when either does, of the CPU its model; undefined where the system
 * does not tell, as of GPUs on macOS, or may not be asked (`--allow-sys=cpus`, of the CPU).
 */
export function hardwareOf({ provider }: Device): string | undefined {
  if (provider === "cpu") return processorModel();
  if (provider === "cuda") return nvidiaHardware();
  const found = vulkanDevices();
  if (found.length === 0) return undefined;
  return found.map(({ name, driver }) => `${name}, driver ${driver}`).join("; ");
}
