import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { bundledConfigurations } from "../../../configs/mod.ts";
import { readConfiguration } from "../../../core/method/read_configuration.ts";

Deno.test("readConfiguration() reads an object, and names the file that holds anything else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "config.json");
    const read = async (text: string) => {
      await Deno.writeTextFile(path, text);
      return await readConfiguration(path);
    };
    assertEquals(await read('{"epochs": 3}'), { configuration: { epochs: 3 } });
    assertEquals(await read('{"method": "byol", "description": "mine", "epochs": 3}'), {
      method: "byol",
      description: "mine",
      configuration: { epochs: 3 },
    });
    for (const text of ["null", "3", "[]"]) {
      await assertRejects(
        () => read(text),
        TypeError,
        `Cannot read configuration ${path}: the file's content must be an object, such as {"epochs": 100}, found ${text}`,
      );
    }
    await assertRejects(() => read("{"), SyntaxError, `Cannot read configuration ${path}: it must`);
    await assertRejects(
      () => readConfiguration(join(folder, "none.json")),
      Deno.errors.NotFound,
      "there is no such file",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("readConfiguration() refuses a method that is no text", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, '{"method": 3}');
    await assertRejects(() => readConfiguration(path), TypeError, "method must be a text, found 3");
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("readConfiguration() finds bundled configurations by name, and suggests the nearest", async () => {
  for (const name of Object.keys(bundledConfigurations)) {
    const { method, description } = await readConfiguration(name, bundledConfigurations);
    assert(method !== undefined && description !== undefined, name);
  }
  await assertRejects(
    () => readConfiguration("byol_resnet50_16xb256-coslr-200e", bundledConfigurations),
    TypeError,
    'the nearest is "byol_resnet50_16xb256-coslr-200e_in1k"; --list-configs lists them',
  );
});
