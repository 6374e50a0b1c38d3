import { assertEquals, assertThrows } from "@std/assert";
import { configurationSchema, DEFAULT_CONFIGURATION } from "../../../core/method/configuration.ts";
import { parseManifest } from "../../../core/method/manifest.ts";
import { presetOf, resolveConfiguration } from "../../../core/method/resolve_configuration.ts";
import simsiam from "../../../plugins/simsiam/manifest.json" with { type: "json" };

Deno.test("resolveConfiguration() lets later parts win, option by option", () => {
  const configuration = resolveConfiguration(
    { epochs: 10, batchSize: 64, options: { projectorWidth: 512, projectorLayers: 2 } },
    { epochs: 20, options: { projectorWidth: 128 } },
    { epochs: 30 },
  );
  assertEquals(configuration.epochs, 30);
  assertEquals(configuration.batchSize, 64);
  assertEquals(configuration.options, { projectorWidth: 128, projectorLayers: 2 });
  assertEquals(configuration.momentum, DEFAULT_CONFIGURATION.momentum);
});

Deno.test("resolveConfiguration() names every fault at once", () => {
  const wrong = { epochs: 0, learningRate: "fast", bachSize: 3 } as Record<string, unknown>;
  const error = assertThrows(() => resolveConfiguration(wrong), TypeError);
  for (const fault of ["epochs must be >= 1", "learningRate must be number", '"batchSize"']) {
    assertEquals(error.message.includes(fault), true, `${fault} in ${error.message}`);
  }
});

Deno.test("presetOf() gives the first preset by default and suggests the nearest name", () => {
  const manifest = parseManifest(simsiam, "simsiam");
  assertEquals(presetOf(manifest).backbone, "resnet50");
  assertEquals(presetOf(manifest, "cifar").imageSize, 32);
  assertThrows(() => presetOf(manifest, "cifra"), TypeError, 'the nearest is "cifar"');
});

Deno.test("the presets of SimSiam resolve and keep the paper's values", () => {
  const manifest = parseManifest(simsiam, "simsiam");
  for (const name of Object.keys(manifest.presets)) resolveConfiguration(presetOf(manifest, name));
  const imagenet = resolveConfiguration(presetOf(manifest, "imagenet"));
  assertEquals(
    [imagenet.learningRate, imagenet.baseBatchSize, imagenet.weightDecay, imagenet.epochs],
    [0.05, 256, 1e-4, 200],
  );
});

Deno.test("resolveConfiguration() refuses parts and options that are no objects", () => {
  for (const part of [null, 3, [], "fast"]) {
    assertThrows(
      () => resolveConfiguration(part as never),
      TypeError,
      `Cannot start training: the configuration must be an object, such as {"epochs": 100}, found ${
        JSON.stringify(part)
      }`,
    );
    assertThrows(
      () => resolveConfiguration({ options: part as never }),
      TypeError,
      "configuration.options must be an object",
    );
  }
});

Deno.test("resolveConfiguration() bounds loaders and threads", () => {
  assertThrows(() => resolveConfiguration({ loaders: 1e6 }), TypeError, "loaders must be <= 256");
  assertThrows(() => resolveConfiguration({ threads: 1e6 }), TypeError, "threads must be <= 1024");
});

Deno.test("every option of a configuration has a group, a description, and says what it affects", () => {
  const groups: string[] = [];
  for (const { group, affects, description } of Object.values(configurationSchema.properties)) {
    assertEquals(["result", "remedy", "length", "nothing"].includes(affects!), true);
    assertEquals(description!.length > 0, true);
    if (groups.at(-1) !== group) groups.push(group!);
  }
  assertEquals(groups, [...new Set(groups)]);
});
