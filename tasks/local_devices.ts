/**
 * The devices of this machine that processes can be spread over.
 *
 * @module
 */
import { checkDevice, type Device, formatDevice, parseDevice } from "../core/engine/ort/mod.ts";

/** All of CUDA's devices, or the CPU where there are none. Each is started, and stays so until the process ends. */
function usableDevices(): Device[] {
  const devices: Device[] = [];
  for (let index = 0; checkDevice({ provider: "cuda", index }).usable; index++) {
    devices.push({ provider: "cuda", index });
  }
  return devices.length > 0 ? devices : [{ provider: "cpu", index: 0 }];
}

/**
 * The devices that a text names, which is one of them or `auto`. Looking for all is left to a process of its own: started
 * devices keep memory.
 *
 * @throws {Error} if the process fails
 */
export async function localDevices(text: string): Promise<Device[]> {
  const parsed = parseDevice(text);
  if (parsed !== "auto") return [parsed];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-read", "--allow-ffi", "--allow-env", "--allow-sys=homedir"],
      import.meta.url,
    ],
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  const names = new TextDecoder().decode(stdout).trim().split("\n");
  return names.map((name) => parseDevice(name) as Device);
}

if (import.meta.main) { for (const device of usableDevices()) console.log(formatDevice(device)); }
