import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { cast } from "../../../../core/engine/ops/cast.ts";
import { parseAutoencoder } from "../../../../core/unclip/network_config.ts";
import { STORED_DECODER, type StoredNetwork } from "../../../../core/unclip/network_weights.ts";
import { decodeLatents, encodeImages } from "../../../../core/unclip/networks/autoencoder.ts";
import { hashedTensor } from "../../engine/nn/hashed_values.ts";
import { relativeError } from "../relative_error.ts";
import { halved, type NetworkRun, readNetworkGolden, runNetwork } from "./network_golden.ts";

const golden = await readNetworkGolden();
const config = parseAutoencoder(golden.config("vae"));

async function measureDecoder(run: Partial<NetworkRun> = {}): Promise<number> {
  const { decoded } = await runNetwork({
    entries: golden.entries("vae"),
    network: STORED_DECODER,
    build: (scope) => {
      const latents = input("latents", "float32", [1, 4, 8, 6]);
      const image = decodeLatents(scope, cast(latents, scope.dtype), config);
      return { inputs: [latents], outputs: { decoded: cast(image, "float32") } };
    },
    feeds: { latents: hashedTensor("vae/latents", [1, 4, 8, 6], 2) },
    ...run,
  });
  assertEquals(decoded!.shape, [1, 3, 64, 48]);
  return relativeError(decoded!, golden.tensors.get("vae/decoded")!);
}

/** The encoder's part of an autoencoder's file. */
const STORED_ENCODER: StoredNetwork = {
  name: "encoder",
  belongs: (name) => /^(encoder|quant_conv)\./.test(name),
};

function logarithmsOfSquares({ shape, data }: Tensor<"float32">): Tensor<"float32"> {
  return tensor("float32", shape, data.map((value) => 2 * Math.log(value)));
}

/** Diffusers' names before May 2023, and linear maps as convolutions by single pixels. */
function old(name: string, value: Tensor<"float32">): readonly [string, Tensor] {
  const renamed = name.replace("to_q", "query").replace("to_k", "key").replace("to_v", "value")
    .replace("to_out.0", "proj_attn");
  if (renamed === name || value.shape.length !== 2) return [renamed, value];
  return [renamed, tensor("float32", [...value.shape, 1, 1], value.data)];
}

Deno.test("decodeLatents() gives diffusers' images", async () => {
  const error = await measureDecoder();
  assert(error <= 1e-5, `differs by ${error} of the largest`);
});

Deno.test("decodeLatents() reads the old names of attention, and convolutions in place of maps", async () => {
  const error = await measureDecoder({ store: old });
  assert(error <= 1e-5, `differs by ${error} of the largest`);
});

Deno.test("decodeLatents() computes in float16 from float16", async () => {
  const error = await measureDecoder({
    store: (name, value) => [name, halved(value)],
    options: { precision: "float16" },
  });
  assert(error > 1e-6 && error <= 3e-2, `differs by ${error} of the largest`);
});

for (
  const [name, what, size] of [
    ["vae_small", "2 levels of 6 and 15 channels in 3 groups", [20, 12]],
    ["vae", "4 levels", [40, 24]],
  ] as const
) {
  Deno.test(`encodeImages() gives diffusers' means and variances: ${what}`, async () => {
    const shape = [2, 3, ...size];
    const { mean, logVariance } = await runNetwork({
      entries: golden.entries(name),
      network: STORED_ENCODER,
      build: (scope) => {
        const images = input("images", "float32", shape);
        const found = encodeImages(scope, images, parseAutoencoder(golden.config(name)));
        return { inputs: [images], outputs: { ...found } };
      },
      feeds: { images: hashedTensor(`${name}/images`, shape) },
    });
    const expected = golden.tensors.get(`${name}/mean`)!;
    assertEquals([mean!.shape, logVariance!.shape], [expected.shape, expected.shape]);
    const wanted = golden.tensors.get(`${name}/log_variance`) ??
      logarithmsOfSquares(golden.tensors.get(`${name}/std`) as Tensor<"float32">);
    for (const error of [relativeError(mean!, expected), relativeError(logVariance!, wanted)]) {
      assert(error <= 1e-5, `differs by ${error} of the largest`);
    }
  });
}

Deno.test("decodeLatents() has the parameters of Stable Diffusion 2.1 in its published size", () => {
  const scope = new Scope();
  const published = { ...config, channels: [128, 256, 512, 512], groups: 32 };
  const image = decodeLatents(scope, input("latents", "float32", [1, 4, 96, 96]), published);
  assertEquals(image.shape, [1, 3, 768, 768]);
  const total = [...scope.declarations.values()]
    .reduce((sum, { value }) => sum + value.shape.reduce((a, b) => a * b, 1), 0);
  assertEquals(total, 49_490_199);
});

Deno.test("createNetworkSession() lists what does not fit", async () => {
  const error = await assertRejects(
    () =>
      measureDecoder({
        store: (name, value) =>
          name === "decoder.conv_in.bias" ? ["decoder.conv_in.offset", value] : [
            name,
            name === "decoder.conv_out.bias" ? tensor("float32", [1, 3], value.data) : value,
          ],
      }),
    TypeError,
  );
  const lines = error.message.split("\n").slice(1);
  assertEquals(lines, [
    '  - "decoder.conv_in.bias" [24] is missing',
    '  - "decoder.conv_out.bias" must be [3], found [1,3]',
    '  - "decoder.conv_in.offset" is not part of this decoder',
  ]);
});
