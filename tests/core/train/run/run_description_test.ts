import { assertRejects } from "@std/assert";
import { join } from "node:path";
import { readDescription } from "../../../../core/train/run/run_description.ts";
import { inFolder } from "../../../in_folder.ts";

for (
  const [text, ErrorClass, words] of [
    ["", SyntaxError, "its configuration.json is damaged"],
    ["null", TypeError, "its configuration.json must be object, found null"],
    ["{}", TypeError, "must have required property 'method'"],
    ['{"method":3,"configuration":{}}', TypeError, "configuration.json.method must be string"],
    ['{"method":"simsiam","configuration":null}', TypeError, "configuration must be object"],
  ] as const
) {
  Deno.test(`readDescription() refuses a configuration.json that is "${text}"`, () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(join(folder, "configuration.json"), text);
      await assertRejects(() => readDescription(folder), ErrorClass, words);
    }));
}
