/**
 * `deno task bench component`: time and memory of the principal component of more tokens than memory holds.
 *
 * The tokens are drawn here, in the number and width of ViT-H-14's; no network runs. What holding them would take
 * stands beside the peak.
 *
 * @module
 */
import { tensor } from "../core/engine/graph/tensor.ts";
import { RandomStream } from "../core/engine/random/random_stream.ts";
import { CovarianceAccumulator, principalComponent } from "../core/masking/mod.ts";
import { type Command, parse, runTask } from "../tasks/cli/command_line.ts";
import { peakBytes } from "./alternate.ts";

const COMMAND: Command = {
  name: "bench component",
  summary: "Measures the first principal component of many images' tokens.",
  examples: [{
    command: "deno task bench component --images 1000",
    does: "256 tokens of 1280 features from each of a thousand images",
  }],
  options: {
    type: "object",
    properties: {
      images: { type: "integer", minimum: 1, default: 10_000, description: "images" },
      tokens: { type: "integer", minimum: 1, default: 256, description: "tokens of an image" },
      width: { type: "integer", minimum: 2, default: 1280, description: "features of a token" },
      threads: { type: "integer", minimum: 1, default: 2, description: "threads of the products" },
    },
  },
};

interface Options {
  readonly images: number;
  readonly tokens: number;
  readonly width: number;
  readonly threads: number;
}

/** Images whose tokens are drawn; the others have the same again. */
const DRAWN = 16;

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;

/** Tokens that differ most along their first feature. */
function drawTokens({ tokens, width }: Options) {
  return Array.from({ length: DRAWN }, (_, i) => {
    const random = new RandomStream(0, "bench component", i);
    const spread = (at: number) => at % width === 0 ? 3 : 1;
    const data = Float32Array.from(
      { length: tokens * width },
      (_, at) => random.normal(0, spread(at)),
    );
    return tensor("float32", [tokens, width], data);
  });
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, console.log);
  if (parsed === undefined) return;
  const options = parsed.values as unknown as Options;
  const { images, tokens, width, threads } = options;
  const drawn = drawTokens(options);
  const before = peakBytes();
  const began = performance.now();
  using accumulator = await CovarianceAccumulator.create(width, { threads });
  for (let image = 0; image < images; image++) await accumulator.add(drawn[image % DRAWN]!);
  const covariance = await accumulator.finish();
  const accumulated = performance.now();
  const { share } = principalComponent(covariance);
  const seconds = (from: number, to: number) => `${((to - from) / 1000).toFixed(1)} s`;
  console.log(
    `${images} images of ${tokens} tokens of ${width} features, ` +
      `${gigabytes(4 * images * tokens * width)} in float32:\n` +
      `  covariance      ${seconds(began, accumulated)}\n` +
      `  decomposition   ${seconds(accumulated, performance.now())}\n` +
      `  peak memory     ${gigabytes(peakBytes())}, ${gigabytes(before)} of it before\n` +
      `  the component has ${(100 * share).toFixed(2)} % of the variance`,
  );
}

if (import.meta.main) await runTask(main);
