import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import {
  type CheckpointState,
  formatState,
  loadCheckpointState,
} from "../../../../core/weights/checkpoint/state.ts";
import { inFolder } from "../../../in_folder.ts";

const STATE: CheckpointState = {
  version: 1,
  method: "simsiam",
  step: 6,
  epoch: 2,
  samples: 100,
  configuration: {},
};

/** The state that is read from a checkpoint whose file has this text. */
function read(text: string): Promise<CheckpointState> {
  return inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "state.json"), text);
    return await loadCheckpointState(folder);
  });
}

Deno.test("loadCheckpointState() reads what formatState() writes", async () => {
  assertEquals(await read(formatState(STATE)), STATE);
});

for (
  const [text, words] of [
    ["null", "of version 1, found version undefined"],
    ["[]", "of version 1, found version undefined"],
    [formatState({ ...STATE, step: -1 }), "the state.step must be >= 0, found -1"],
    [formatState({ ...STATE, epoch: 0.5 }), "the state.epoch must be integer, found 0.5"],
    [formatState({ ...STATE, configuration: null }), "the state.configuration must be object"],
    ['{"version":2}', "of version 1, found version 2"],
    ['{"version":1}', "must have required property 'configuration'"],
  ] as const
) {
  Deno.test(`loadCheckpointState() refuses the state ${text.replace(/\s+/g, "")}`, async () => {
    await assertRejects(() => read(text), TypeError, words);
  });
}
