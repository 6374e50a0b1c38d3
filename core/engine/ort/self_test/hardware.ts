/**
 * What a device is made of, as far as the system tells: hardware and driver.
 *
 * @module
 */
import { ifThere } from "../../../files/if_there.ts";
import type { Device } from "../device.ts";
import { vulkanDevices } from "../vulkan_devices.ts";

/** Where NVIDIA's driver for Linux tells its version and the GPUs. */
const NVIDIA = "/proc/driver/nvidia";

async function nvidiaHardware(root: string): Promise<string | undefined> {
  const version = await ifThere(Deno.readTextFile(`${root}/version`));
  if (version === undefined) return undefined;
  const models: string[] = [];
  for await (const { name } of Deno.readDir(`${root}/gpus`)) {
    const text = await Deno.readTextFile(`${root}/gpus/${name}/information`);
    models.push(`${name} ${/^Model:\s*(.*)$/m.exec(text)?.[1] ?? ""}`);
  }
  return [version.split("\n")[0]!, ...models.sort()].join("; ");
}

/**
 * Hardware and driver of a device as a text that changes when either does; undefined where the system does not tell, as
 * on macOS.
 *
 * @param nvidia folder of NVIDIA's driver (default `/proc/driver/nvidia`)
 */
export async function hardwareOf(
  device: Device,
  nvidia: string = NVIDIA,
): Promise<string | undefined> {
  if (device.provider === "cuda") return await nvidiaHardware(nvidia);
  const found = vulkanDevices();
  if (found.length === 0) return undefined;
  return found.map(({ name, driver }) => `${name}, driver ${driver}`).join("; ");
}
