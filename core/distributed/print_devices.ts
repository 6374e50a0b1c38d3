/**
 * The program that {@linkcode localDevices} starts: it writes the devices that can be used to standard output, one in each
 * line.
 *
 * @module
 */
import { checkDevice, type Device, formatDevice } from "../engine/ort/mod.ts";

/** All of CUDA's devices, or the CPU where there are none. Each is started, and stays so until the process ends. */
function usableDevices(): Device[] {
  const devices: Device[] = [];
  for (let index = 0; checkDevice({ provider: "cuda", index }).usable; index++) {
    devices.push({ provider: "cuda", index });
  }
  return devices.length > 0 ? devices : [{ provider: "cpu", index: 0 }];
}

if (import.meta.main) {
  const lines = usableDevices().map((device) => `${formatDevice(device)}\n`);
  Deno.stdout.writeSync(new TextEncoder().encode(lines.join("")));
}
