import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { tasks } from "../../../../cli.ts";
import { loadMethodByName } from "../../../../core/method/load.ts";
import { OPTION_PLACES, placeRequest } from "../../../../core/studio/actions/option_places.ts";
import { STUDIO_TASKS } from "../../../../core/studio/actions/task_form.ts";
import type { PropertySchema } from "../../../../core/schema/schema.ts";
import { bundledMethods } from "../../../../plugins/mod.ts";
import { studioTasks } from "../../../../tasks/cli/studio_tasks.ts";
import { inFolder } from "../../../in_folder.ts";
import { openClient, withContext } from "./studio_client.ts";

const { forms } = studioTasks(tasks);

/** Options that hold texts of any kind and name no file or folder, each with what they name instead. */
const NO_PLACES: Readonly<Record<string, string>> = {
  preset: "a preset of the method",
  backbone: "a network",
  views: "recipes by name, or their steps",
  weightDecay: "a number, or its schedule",
  parameterRules: "parameters by the beginnings of their names",
  options: "options of the method, which are tried below",
  scheduled: "scalars of the method",
  variationViews: "views by their numbers",
  device: "a device",
  providerOption: "options of ONNX Runtime",
  protocol: "protocols of evaluation",
  trainingData: "weights of a CLIP model",
  prompt: "a prompt",
  negativePrompt: "a prompt",
  shard: "a share of the images",
  freeze: "parts of a generator",
};

/** Whether an option can be given a text of any kind. */
function takesTexts({ type, items, enum: values }: PropertySchema): boolean {
  const types: readonly unknown[] = [type].flat();
  if (values !== undefined) return false;
  if (type === undefined || types.includes("string") || types.includes("object")) return true;
  return types.includes("array") && (items === undefined || takesTexts(items as PropertySchema));
}

Deno.test("every option of every task that takes texts is known to name a place, or none", async () => {
  const found = new Set<string>();
  for (const task of STUDIO_TASKS) {
    const { schema: { properties } } = await forms(task);
    for (const [name, schema] of Object.entries(properties)) {
      if (takesTexts(schema)) found.add(name);
    }
  }
  const known = [...Object.keys(OPTION_PLACES), ...Object.keys(NO_PLACES)];
  // A new option that names a file or a folder belongs into OPTION_PLACES, any other into NO_PLACES above.
  assertEquals([...found].sort(), known.sort());
});

Deno.test("no option of a bundled method takes a text of any kind", async () => {
  for (const name of Object.keys(bundledMethods)) {
    const { manifest } = await loadMethodByName(name, bundledMethods);
    for (const [option, schema] of Object.entries(manifest.options.properties)) {
      assert(!takesTexts(schema), `${name}: ${option} may name a place`);
    }
  }
});

Deno.test("whatever a task writes or finds by an option is refused outside the root, or where it is not there", () =>
  withContext(async (context) => {
    for (const task of STUDIO_TASKS) {
      const { schema: { properties } } = await forms(task);
      const options = Object.fromEntries(
        Object.keys(properties).filter((name) => Object.hasOwn(OPTION_PLACES, name))
          .filter((name) => properties[name]!.enum === undefined)
          .map((name) => [name, "../nowhere"]),
      );
      const { problems } = await placeRequest({ task, options }, properties, context);
      assertEquals(problems.map(({ option }) => option).sort(), Object.keys(options).sort(), task);
    }
  }));

Deno.test("what a task reads lies below the root, or below a folder that was named beside it", () =>
  inFolder(async (folder) => {
    const [root, beside] = [join(folder, "root"), join(folder, "beside")];
    await Deno.mkdir(root);
    await Deno.mkdir(join(beside, "photos"), { recursive: true });
    await Deno.symlink(join(beside, "photos"), join(root, "link"));
    const options = [
      { data: join(beside, "photos") },
      { data: "../beside/photos" },
      { data: "link" },
      { data: "../beside/train-*.tar" },
      { data: "../{beside,elsewhere}/train.tar" },
      { config: join(beside, "photos") },
      { method: join(beside, "photos") },
      { method: "file:/etc/method" },
    ];
    const { schema: { properties } } = await forms("train");
    const problemsOf = async (dataFolders: string[]) => {
      const { studio: { context }, close } = await openClient(root, { dataFolders });
      const found = await Promise.all(options.map(async (given) => {
        const { problems } = await placeRequest(
          { task: "train", options: given },
          properties,
          context,
        );
        return problems.filter(({ option }) => Object.hasOwn(given, option)).map(({ text }) =>
          text
        );
      }));
      await close();
      return found;
    };
    const alone = await problemsOf([]);
    for (const [i, problems] of alone.entries()) {
      assertEquals(problems.length, 1, JSON.stringify(options[i]));
    }
    assertStringIncludes(alone[0]![0]!, "name its folder by --data");
    const named = await problemsOf([beside]);
    assertEquals(named.map(({ length }) => length), [0, 0, 0, 0, 1, 0, 0, 1]);
  }));

Deno.test("a form is given of no method that lies elsewhere", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "root"));
    await Deno.mkdir(join(folder, "method"));
    const { refused, close } = await openClient(join(folder, "root"));
    for (const method of [join(folder, "method"), "../method"]) {
      const [status, error] = await refused("GET", `/api/form?task=train&method=${method}`);
      assertEquals(status, 400);
      assertStringIncludes(error, "must lie below the studio's root");
    }
    await close();
  }));
