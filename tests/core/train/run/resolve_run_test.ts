import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { resolveRun } from "../../../../core/train/run/resolve_run.ts";
import { bundledMethods } from "../../../../plugins/mod.ts";
import { inFolder } from "../../../in_folder.ts";

const KNOWN = { methods: bundledMethods };

Deno.test("resolveRun() takes a file that names its method in place of a preset, any other over one", () =>
  inFolder(async (folder) => {
    const [whole, part] = [join(folder, "whole.json"), join(folder, "part.json")];
    await Deno.writeTextFile(whole, '{"method": "byol", "epochs": 3}');
    await Deno.writeTextFile(part, '{"epochs": 3}');

    const alone = await resolveRun({ config: whole }, KNOWN);
    assertEquals(alone.method.manifest.name, "byol");
    assertEquals([alone.configuration.epochs, alone.configuration.optimizer], [3, "sgd"]);
    assertEquals([alone.configuration.backbone, alone.isBatchChosen], ["resnet18", false]);

    const over = await resolveRun({ method: "byol", config: part }, KNOWN);
    const { epochs, optimizer, backbone } = over.configuration;
    assertEquals([epochs, optimizer, backbone], [3, "lars", "resnet50"]);
    const preset = await resolveRun({ config: whole, preset: "cifar" }, KNOWN);
    assertEquals([preset.configuration.epochs, preset.configuration.imageSize], [3, 32]);

    const given = { config: whole, configuration: { epochs: 7, batchSize: 4 } };
    const { configuration, isBatchChosen } = await resolveRun(given, KNOWN);
    assertEquals([configuration.epochs, isBatchChosen], [7, true]);
    await assertRejects(
      () => resolveRun({ config: whole, method: "swav" }, KNOWN),
      TypeError,
      `--method must be that of --config ${whole}, which is byol, found swav`,
    );
  }));
