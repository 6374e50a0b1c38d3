import { assertEquals, assertThrows } from "@std/assert";
import { CPU, type Device } from "../../../../core/engine/ort/device.ts";
import {
  parseProviderOptions,
  withProviderOptions,
} from "../../../../core/engine/ort/provider_options.ts";
import { checkDevice, resolveDevice } from "../../../../core/engine/ort/resolve_device.ts";

const CUDA: Device = { provider: "cuda", index: 0 };
const WEBGPU: Device = { provider: "webgpu", index: 0 };

Deno.test("parseProviderOptions() reads names and values, which may hold an equals sign", () => {
  assertEquals(parseProviderOptions(["use_tf32=0", "a.b=c=d", "empty="]), {
    use_tf32: "0",
    "a.b": "c=d",
    empty: "",
  });
});

Deno.test("parseProviderOptions() refuses what is no NAME=VALUE, stands twice, or is set by other means", () => {
  const said = (...texts: string[]) =>
    assertThrows(() => parseProviderOptions(texts), SyntaxError).message;
  assertEquals(
    said("use_tf32"),
    "Cannot use a device: --provider-option must be NAME=VALUE, found use_tf32",
  );
  assertEquals(
    said("a=1", "a=2"),
    "Cannot use a device: --provider-option must set a once, found a=1 and a=2",
  );
  assertEquals(
    said("device_id=1"),
    "Cannot use a device: --provider-option cannot set device_id, found device_id=1; --device cuda:N chooses the device",
  );
});

Deno.test("withProviderOptions() leaves a device without options as it is", () => {
  assertEquals(withProviderOptions(CPU, []), CPU);
});

Deno.test("resolveDevice() refuses options of the CPU", () => {
  assertThrows(
    () => resolveDevice("cpu", ["use_tf32=0"]),
    TypeError,
    "Cannot use cpu: --provider-option must name what its execution provider takes, found use_tf32=0; the CPU takes none",
  );
});

Deno.test("withProviderOptions() refuses a name that the WebGPU provider would pass over", () => {
  assertThrows(
    () => withProviderOptions(WEBGPU, ["powerPreferense=low-power"]),
    TypeError,
    "powerPreferense is none of dawnBackendType",
  );
});

Deno.test({
  name: "withProviderOptions() refuses a value that the WebGPU provider refuses",
  ignore: !checkDevice(WEBGPU).usable,
  fn() {
    assertThrows(() => withProviderOptions(WEBGPU, ["validationMode=bogus"]), TypeError, "bogus");
    assertEquals(withProviderOptions(WEBGPU, ["validationMode=full"]), {
      ...WEBGPU,
      options: { validationMode: "full" },
    });
  },
});

Deno.test({
  name: "resolveDevice() hands options to CUDA, which refuses what it does not know",
  ignore: !checkDevice(CUDA).usable,
  fn() {
    assertEquals(resolveDevice("cuda", ["use_tf32=0"]), { ...CUDA, options: { use_tf32: "0" } });
    assertThrows(() => resolveDevice("cuda", ["no_such=1"]), TypeError, "no_such");
    assertThrows(() => resolveDevice("cuda", ["use_tf32=maybe"]), TypeError, "use_tf32");
  },
});
