/**
 * What a device is made of, as far as the system reports it: hardware and driver.
 *
 * @module
 */
import type { Device } from "../device.ts";
import { nvidiaDevices } from "../nvidia_devices.ts";
import { vulkanDevices } from "../vulkan_devices.ts";

function nvidiaHardware(): string | undefined {
  const found = nvidiaDevices();
  return found && [...found.names, `driver ${found.driver}`].join(", ");
}

/**
 * Hardware and driver of a device as a text that changes when either does; undefined where the system does not tell, as
 * on macOS.
 */
export function hardwareOf({ provider }: Device): string | undefined {
  if (provider === "cuda") return nvidiaHardware();
  const found = vulkanDevices();
  if (found.length === 0) return undefined;
  return found.map(({ name, driver }) => `${name}, driver ${driver}`).join("; ");
}
