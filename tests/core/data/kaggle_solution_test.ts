import { assertEquals, assertRejects } from "@std/assert";
import { openEvaluationData } from "../../../core/data/open_data.ts";
import { withFolder } from "../backbones/clip_golden.ts";

const TEXT = [
  "ImageId,PredictionString",
  "ILSVRC2012_val_00000002,n03995372 85 1 499 272 ",
  "ILSVRC2012_val_00000001,n01440764 131 0 499 254 n01440764 5 6 7 8 ",
  "ILSVRC2012_val_00000003,n02100735 1 2 3 4",
  "",
].join("\r\n");

Deno.test("openEvaluationData() labels a flat val by Kaggle's table, above its folders or beside it", () =>
  withFolder(async (path) => {
    const folder = path("ILSVRC/Data/CLS-LOC/val");
    await Deno.mkdir(folder, { recursive: true });
    for (const i of [1, 2]) {
      await Deno.writeTextFile(`${folder}/ILSVRC2012_val_0000000${i}.JPEG`, "");
    }
    for (const place of [".", "ILSVRC/Data/CLS-LOC"]) {
      const table = path(`${place}/LOC_val_solution.csv`);
      await Deno.writeTextFile(table, TEXT);
      const [{ classes, length, sample }] = await openEvaluationData(folder, folder);
      assertEquals(classes, ["n01440764", "n02100735", "n03995372"]);
      assertEquals([length, sample(0).label, sample(1).label], [2, 0, 2]);
      await Deno.remove(table);
    }
  }));

Deno.test("openEvaluationData() names the line of Kaggle's table that is wrong, or the image that is not in it", () =>
  withFolder(async (path) => {
    await Deno.mkdir(path("val"));
    await Deno.writeTextFile(path("val/val_9.JPEG"), "");
    const write = (text: string) => Deno.writeTextFile(path("LOC_val_solution.csv"), text);
    const open = () => openEvaluationData(path("val"), path("val"));
    await write(TEXT);
    await assertRejects(
      open,
      TypeError,
      'it must have a line for each, found none for "val_9.JPEG"',
    );
    await write("ImageId,PredictionString\nval_9,85 1 499 272\n");
    await assertRejects(open, SyntaxError, 'found "val_9,85 1 499 272" (line 2)');
  }));
