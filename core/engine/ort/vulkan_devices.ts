/**
 * The devices that Vulkan lists, which distinguish a GPU from a driver that computes on the CPU. WebGPU runs on Vulkan on
 * Linux, and elsewhere on what is made for the same devices.
 *
 * @module
 */

/** A device as Vulkan describes it. */
export interface VulkanDevice {
  /** Name, as in `SwiftShader Device (LLVM 10.0.0)`. */
  readonly name: string;
  /** Version of its driver, a number whose digits mean what the vendor likes. */
  readonly driver: number;
  /** Whether it computes on the CPU, as SwiftShader and llvmpipe do. */
  readonly software: boolean;
}

const SYMBOLS = {
  vkCreateInstance: { parameters: ["buffer", "pointer", "buffer"], result: "i32" },
  vkDestroyInstance: { parameters: ["pointer", "pointer"], result: "void" },
  vkEnumeratePhysicalDevices: { parameters: ["pointer", "buffer", "buffer"], result: "i32" },
  vkGetPhysicalDeviceProperties: { parameters: ["pointer", "buffer"], result: "void" },
} as const;

type Vulkan = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

const SUCCESS = 0;
const STRUCTURE_TYPE_INSTANCE_CREATE_INFO = 1;
/** Bytes of `VkInstanceCreateInfo` on systems of 64 bits. */
const CREATE_INFO_SIZE = 64;
/** More bytes than `VkPhysicalDeviceProperties` has. */
const PROPERTIES_SIZE = 4096;
const DRIVER_AT = 4;
const TYPE_AT = 16;
const NAME_AT = 20;
const NAME_SIZE = 256;
const TYPE_CPU = 4;

function libraryName(): string | undefined {
  if (Deno.build.os === "windows") return "vulkan-1.dll";
  return Deno.build.os === "darwin" ? undefined : "libvulkan.so.1";
}

function open(name: string): Deno.DynamicLibrary<typeof SYMBOLS> | undefined {
  try {
    return Deno.dlopen(name, SYMBOLS);
  } catch (error) {
    // No loader, so no devices; a refused permission is another matter.
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}

function describe(vulkan: Vulkan, device: Deno.PointerObject): VulkanDevice {
  const properties = new Uint8Array(PROPERTIES_SIZE);
  vulkan.vkGetPhysicalDeviceProperties(device, properties);
  const view = new DataView(properties.buffer);
  const text = properties.subarray(NAME_AT, NAME_AT + NAME_SIZE);
  return {
    name: new TextDecoder().decode(text.subarray(0, text.indexOf(0))),
    driver: view.getUint32(DRIVER_AT, true),
    software: view.getUint32(TYPE_AT, true) === TYPE_CPU,
  };
}

function listDevices(vulkan: Vulkan): VulkanDevice[] {
  const info = new Uint8Array(CREATE_INFO_SIZE);
  new DataView(info.buffer).setUint32(0, STRUCTURE_TYPE_INSTANCE_CREATE_INFO, true);
  const out = new BigUint64Array(1);
  // Without a driver there is no instance.
  if (vulkan.vkCreateInstance(info, null, out) !== SUCCESS) return [];
  const instance = Deno.UnsafePointer.create(out[0]!)!;
  try {
    const count = new Uint32Array(1);
    if (vulkan.vkEnumeratePhysicalDevices(instance, count, null) !== SUCCESS) return [];
    const devices = new BigUint64Array(count[0]!);
    if (vulkan.vkEnumeratePhysicalDevices(instance, count, devices) !== SUCCESS) return [];
    return Array.from(
      devices.subarray(0, count[0]!),
      (address) => describe(vulkan, Deno.UnsafePointer.create(address)!),
    );
  } finally {
    vulkan.vkDestroyInstance(instance, null);
  }
}

/** The devices that Vulkan lists; none where there is no Vulkan, as on macOS. */
export function vulkanDevices(): VulkanDevice[] {
  const name = libraryName();
  const library = name === undefined ? undefined : open(name);
  if (library === undefined) return [];
  try {
    return listDevices(library.symbols);
  } finally {
    library.close();
  }
}
