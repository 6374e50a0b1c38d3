import { assert, assertEquals, assertThrows } from "@std/assert";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { cast } from "../../../../core/engine/ops/cast.ts";
import { ConfigFile } from "../../../../core/weights/config_file.ts";
import { parseUnet } from "../../../../core/unclip/network_config.ts";
import { STORED_UNET } from "../../../../core/unclip/network_weights.ts";
import { unet, type UnetConfig } from "../../../../core/unclip/networks/unet.ts";
import { hashedTensor } from "../../engine/nn/hashed_values.ts";
import { relativeError } from "../relative_error.ts";
import { halved, type NetworkRun, readNetworkGolden, runNetwork } from "./network_golden.ts";

const golden = await readNetworkGolden();
const CASES = {
  square: { size: [16, 16], timestep: 951 },
  uneven: { size: [12, 20], timestep: 1 },
};

/** A network's inputs in float32, converted to the scope's type inside. */
function build(scope: Scope, [height, width]: readonly number[], config: UnetConfig, images = 2) {
  const latents = input("latents", "float32", [images, config.latentChannels, height!, width!]);
  const timestep = input("timestep", "float32", [1]);
  const text = input("text", "float32", [2, 77, config.textWidth]);
  const labels = input("labels", "float32", [2, config.classWidth]);
  const [x, y, z] = [latents, text, labels].map((value) => cast(value, scope.dtype));
  const output = unet(scope, { latents: x!, timestep, text: y!, labels: z! }, config);
  return { inputs: [latents, timestep, text, labels], outputs: { v: cast(output, "float32") } };
}

async function measure(
  name: keyof typeof CASES,
  run: Partial<NetworkRun> = {},
  network: "unet" | "unet_adaptive" = "unet",
): Promise<number> {
  const { size, timestep } = CASES[name];
  const key = `${network}/${name}`;
  const config = parseUnet(golden.config(network));
  const { v } = await runNetwork({
    entries: golden.entries(network),
    network: STORED_UNET,
    build: (scope) => build(scope, size, config),
    feeds: {
      latents: hashedTensor(`${key}/latents`, [2, 4, ...size]),
      timestep: float32([1], [timestep]),
      text: hashedTensor(`${key}/text`, [2, 77, 48]),
      labels: hashedTensor(`${key}/labels`, [2, 64]),
    },
    ...run,
  });
  return relativeError(v!, golden.tensors.get(key)!);
}

for (const name of ["square", "uneven"] as const) {
  Deno.test(`unet() gives diffusers' output: ${name}`, async () => {
    const error = await measure(name);
    assert(error <= 1e-5, `differs by ${error} of the largest`);
  });

  Deno.test(`unet() gives diffusers' output with adaptive group normalisation and a wider embedding: ${name}`, async () => {
    const error = await measure(name, {}, "unet_adaptive");
    assert(error <= 1e-5, `differs by ${error} of the largest`);
  });
}

for (const network of ["unet", "unet_adaptive"] as const) {
  Deno.test(`${network}: latents that parts of a batch have in common give what each of them gives`, async () => {
    const config = parseUnet(golden.config(network));
    const latents = hashedTensor("latents", [1, 4, 16, 16]);
    const outputs = [];
    for (const images of [1, 2]) {
      const all = float32([images, 4, 16, 16], new Array(images).fill([...latents.data]).flat());
      const { v } = await runNetwork({
        entries: golden.entries(network),
        network: STORED_UNET,
        build: (scope) => build(scope, [16, 16], config, images),
        feeds: {
          latents: all,
          timestep: float32([1], [500]),
          text: hashedTensor("text", [2, 77, 48]),
          labels: hashedTensor("labels", [2, 64]),
        },
      });
      outputs.push(v!);
    }
    const error = relativeError(outputs[0]!, outputs[1]!);
    assert(error <= 1e-5, `differs by ${error} of the largest`);
  });
}

Deno.test("unet() computes in float16 from float16", async () => {
  const error = await measure("square", {
    store: (name, value) => [name, halved(value)],
    options: { precision: "float16" },
  });
  assert(error > 1e-6 && error <= 3e-2, `differs by ${error} of the largest`);
});

Deno.test("unet() has the parameters of Stable unCLIP 2.1 in its published size", () => {
  const config: UnetConfig = {
    latentChannels: 4,
    sampleSize: 96,
    levels: [320, 640, 1280, 1280].map((channels, i) => ({
      channels,
      heads: channels / 64,
      attendsDown: i < 3,
      attendsUp: i < 3,
    })),
    layersPerLevel: 2,
    groups: 32,
    epsilon: 1e-5,
    textWidth: 1024,
    classWidth: 2048,
    adaptiveGroupNorm: false,
  };
  const scope = new Scope();
  const { outputs } = build(scope, [96, 96], config);
  assertEquals(outputs.v.shape, [2, 4, 96, 96]);
  assertEquals(scope.declarations.size, 690);
  const total = [...scope.declarations.values()]
    .reduce((sum, { value }) => sum + value.shape.reduce((a, b) => a * b, 1), 0);
  assertEquals(total, 870_173_124);
});

Deno.test("unet() refuses inputs that do not fit", () => {
  const config = parseUnet(golden.config("unet"));
  assertThrows(
    () =>
      unet(
        new Scope(),
        {
          latents: input("latents", "float32", [1, 4, 16, 16]),
          timestep: input("timestep", "float32", [1]),
          text: input("text", "float32", [1, 77, 8]),
          labels: input("labels", "float32", [1, 64]),
        },
        config,
      ),
    RangeError,
    "the text [N,tokens,48]",
  );
});

const KEYS = [
  "attention_head_dim",
  "block_out_channels",
  "class_embed_type",
  "cross_attention_dim",
  "down_block_types",
  "norm_num_groups",
  "projection_class_embeddings_input_dim",
  "sample_size",
  "up_block_types",
  "use_linear_projection",
];

Deno.test("parseUnet() refuses what would be computed otherwise", () => {
  const parse = (entries: object) => {
    const known = Object.fromEntries(KEYS.map((key) => [key, golden.config("unet").get(key)]));
    return parseUnet(new ConfigFile("unet/config.json", { ...known, ...entries }));
  };
  assertThrows(
    () => parse({ class_embed_type: "timestep" }),
    TypeError,
    'Cannot use unet/config.json: "class_embed_type" must be "projection", found "timestep"',
  );
  assertThrows(
    () => parse({ transformer_layers_per_block: 2 }),
    TypeError,
    '"transformer_layers_per_block" must be 1 or left out, found 2',
  );
  assertThrows(
    () => parse({ attention_head_dim: [1, 2] }),
    TypeError,
    '"attention_head_dim" must have a number for each of 4 levels, found 2',
  );
  assertEquals(parse({ attention_head_dim: 2 }).levels.map(({ heads }) => heads), [2, 2, 2, 2]);
});
