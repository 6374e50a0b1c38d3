import { assert, assertThrows } from "@std/assert";
import { input } from "../../../../core/engine/graph/value.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { cast } from "../../../../core/engine/ops/cast.ts";
import { parseTextEncoder } from "../../../../core/unclip/network_config.ts";
import { STORED_TEXT_ENCODER } from "../../../../core/unclip/network_weights.ts";
import { textEncoder } from "../../../../core/unclip/networks/text_encoder.ts";
import { relativeError } from "../relative_error.ts";
import { halved, type NetworkRun, readNetworkGolden, runNetwork } from "./network_golden.ts";

const golden = await readNetworkGolden();

async function measure(name: string, run: Partial<NetworkRun> = {}): Promise<number> {
  const config = parseTextEncoder(golden.config(name));
  const { hidden } = await runNetwork({
    entries: golden.entries(name),
    network: STORED_TEXT_ENCODER,
    build: (scope) => {
      const ids = input("ids", "int64", [2, 77]);
      return {
        inputs: [ids],
        outputs: { hidden: cast(textEncoder(scope, ids, config), "float32") },
      };
    },
    feeds: { ids: golden.tensors.get("ids")! },
    ...run,
  });
  return relativeError(hidden!, golden.tensors.get(`${name}/hidden`)!);
}

for (const name of ["text_gelu", "text_quick_gelu"]) {
  Deno.test(`textEncoder() gives transformers' hidden states: ${name}`, async () => {
    const error = await measure(name);
    assert(error <= 1e-5, `differs by ${error} of the largest`);
  });
}

Deno.test("textEncoder() reads a file without the model's prefix, and skips numbers of positions", async () => {
  const error = await measure("text_gelu", {
    store: (name, value) => [name.replace("text_model.", ""), value],
  });
  assert(error <= 1e-5, `differs by ${error} of the largest`);
});

Deno.test("textEncoder() computes in float16 from float16", async () => {
  const error = await measure("text_gelu", {
    store: (name, value) => [name, halved(value)],
    options: { precision: "float16" },
  });
  assert(error > 1e-6 && error <= 1e-2, `differs by ${error} of the largest`);
});

Deno.test("textEncoder() refuses ids of another length", () => {
  const config = parseTextEncoder(golden.config("text_gelu"));
  assertThrows(
    () => textEncoder(new Scope(), input("ids", "int64", [2, 76]), config),
    RangeError,
    "Cannot encode texts: ids must be [N,77], found int64[2,76]",
  );
});
