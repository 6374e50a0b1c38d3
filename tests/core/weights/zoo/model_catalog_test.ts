import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { backboneNames } from "../../../../core/backbones/registry.ts";
import { LINEAR_PROBE_RECIPES } from "../../../../core/evaluate/linear_probe_recipes.ts";
import { fileName } from "../../../../core/weights/zoo/local_models.ts";
import { publishedModel, readModelCatalog } from "../../../../core/weights/zoo/model_catalog.ts";
import { inFolder } from "../../../in_folder.ts";

const { models } = await readModelCatalog();

/** Method, backbone, epochs and linear top-1 of the table of GenView's README. */
const GENVIEW = [
  ["MoCo v2", "resnet50", 200, 70],
  ["SwAV", "resnet50", 200, 71.7],
  ["SimSiam", "resnet50", 200, 72.2],
  ["BYOL", "resnet50", 200, 73.2],
  ["MoCo v3", "resnet50", 100, 72.7],
  ["MoCo v3", "resnet50", 300, 74.8],
  ["MoCo v3", "mocov3_vit_small", 300, 74.5],
  ["MoCo v3", "mocov3_vit_base", 300, 77.8],
];

Deno.test("the catalogue has GenView's eight checkpoints", () => {
  const found = Object.values(models).filter(({ publisher }) => publisher === "GenView");
  assertEquals(
    found.map(({ method, backbone, epochs, linearTop1 }) => [method, backbone, epochs, linearTop1]),
    GENVIEW,
  );
});

Deno.test("the catalogue names backbones and recipes that are known, and gives each file a name of its own", () => {
  const files = new Set<string>();
  for (const [name, model] of Object.entries(models)) {
    assert(backboneNames.includes(model.backbone), name);
    assert(model.recipe === undefined || Object.hasOwn(LINEAR_PROBE_RECIPES, model.recipe), name);
    const file = model.hub?.path ?? fileName(model);
    assert(!files.has(file), `${file} twice`);
    files.add(file);
  }
});

Deno.test("the catalogue has the digits that mmpretrain's names end in", () => {
  const found = Object.values(models).filter(({ publisher }) => publisher === "mmpretrain");
  assertEquals(found.length, 13);
  for (const { url, checksum } of found) {
    assertEquals(checksum!.algorithm, "sha256");
    assert(url!.endsWith(`-${checksum!.digits}.pth`), url);
  }
});

Deno.test("readModelCatalog() adds the models of a file, and refuses one without a place", () =>
  inFolder(async (folder) => {
    const facts = {
      publisher: "me",
      method: "BYOL",
      backbone: "resnet18",
      epochs: 1,
      batchSize: 8,
      linearTop1: 5,
    };
    const path = `${folder}/models.json`;
    const write = (mine: unknown) => Deno.writeTextFile(path, JSON.stringify({ models: { mine } }));
    await write({ ...facts, url: "https://example.org/mine.pth" });
    const catalog = await readModelCatalog(path);
    assertEquals(publishedModel(catalog, "mine").linearTop1, 5);
    assertEquals(publishedModel(catalog, "genview-byol-r50-200e").linearTop1, 73.2);
    await write(facts);
    await assertRejects(() => readModelCatalog(path), TypeError, `Cannot read ${path}`);
  }));

Deno.test("publishedModel() suggests the nearest name", async () => {
  const catalog = await readModelCatalog();
  assertThrows(
    () => publishedModel(catalog, "genview-byol-r50-20e"),
    TypeError,
    'the nearest is "genview-byol-r50-200e"',
  );
});
