import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { CPU, type Device } from "../../../../../core/engine/ort/mod.ts";
import { openDevice, trustDevice } from "../../../../../core/engine/ort/self_test/trust_device.ts";
import type { WrongOperator } from "../../../../../core/engine/ort/self_test/test_operators.ts";

const WRONG: readonly WrongOperator[] = [
  { name: "Slice backwards", fault: "off by 1.6 of 0.88" },
  { name: "Relu of NaN", fault: "0 instead of NaN" },
];

/** A device that no other test names, so that nothing of it is remembered. */
function device(index: number): Device {
  return { provider: "cuda", index };
}

async function inFolder(test: (cache: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(join(folder, "devices"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("trustDevice() refuses a device whose operators are wrong, by their names, each time", () =>
  inFolder(async (cache) => {
    for (let time = 0; time < 2; time++) {
      await assertRejects(
        () =>
          trustDevice(device(901), {
            cache,
            hardware: "a GPU",
            test: () => Promise.resolve([...WRONG]),
          }),
        Error,
        "Cannot use cuda:901: it must compute as the CPU does, found wrong: " +
          "Slice backwards (off by 1.6 of 0.88), Relu of NaN (0 instead of NaN); " +
          "update the device's driver, or use --device cpu",
      );
    }
    await assertRejects(() => Deno.stat(cache), Deno.errors.NotFound);
  }));

Deno.test("trustDevice() tests a device once for its hardware, driver and version", () =>
  inFolder(async (cache) => {
    let tests = 0;
    const test = () => Promise.resolve((tests++, []));
    await trustDevice(device(902), { cache, test, hardware: "a GPU, driver 1" });
    await trustDevice(device(902), { cache, test, hardware: "a GPU, driver 1" });
    assertEquals(tests, 1);
    const files = Array.from(Deno.readDirSync(cache), ({ name }) => name);
    assertEquals(files.length, 1);
    const record = JSON.parse(await Deno.readTextFile(join(cache, files[0]!)));
    assertEquals([record.device, record.hardware], ["cuda:902, TF32 on", "a GPU, driver 1"]);
    // Another process reads the file.
    const source = `
      import { trustDevice } from ${JSON.stringify(import.meta.resolve(TRUST))};
      const [cache, hardware] = Deno.args;
      let tests = 0;
      const test = () => Promise.resolve((tests++, []));
      await trustDevice({ provider: "cuda", index: 902 }, { cache, hardware, test });
      console.log(tests);`;
    const testsOf = async (hardware: string) => {
      const { stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["eval", "--no-check", source, cache, hardware],
      }).output();
      return Number(new TextDecoder().decode(stdout));
    };
    assertEquals(await testsOf("a GPU, driver 1"), 0);
    assertEquals(await testsOf("a GPU, driver 2"), 1);
  }));

const TRUST = "../../../../../core/engine/ort/self_test/trust_device.ts";

Deno.test("trustDevice() remembers nothing of hardware that is not known", () =>
  inFolder(async (cache) => {
    await trustDevice(device(903), { cache, hardware: undefined, test: () => Promise.resolve([]) });
    await assertRejects(() => Deno.stat(cache), Deno.errors.NotFound);
  }));

Deno.test("trustDevice() needs no place to remember", async () => {
  const file = await Deno.makeTempFile();
  try {
    const test = () => Promise.resolve([]);
    await trustDevice(device(904), { cache: join(file, "devices"), hardware: "a GPU", test });
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("openDevice() takes the CPU as it is", async () => {
  assertEquals(await openDevice("cpu"), CPU);
});
