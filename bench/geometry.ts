/**
 * `deno task bench geometry`: crops cut and resized here, as Pillow does it, against the same by sharp's kernels: the
 * time of each by turns, and how many values of a view differ. Pillow's arithmetic is what the published recipes were
 * made by; that ours is the same to the bit is a test of `core/data/geometry`.
 *
 * @module
 */
import { openImage } from "../core/data/decode/encoded_image.ts";
import { cutView } from "../core/data/geometry/cut_view.ts";
import { sharp } from "../core/deps/sharp.ts";
import { type Command, parse, runTask } from "../tasks/cli/command_line.ts";
import { median } from "./alternate.ts";

const COMMAND: Command = {
  name: "bench geometry",
  summary: "Compares crops that are cut here with those of sharp's kernels, on one thread.",
  examples: [{ command: "deno task bench geometry", does: "on a photograph of the tests" }],
  options: {
    type: "object",
    properties: {
      size: { type: "integer", minimum: 1, default: 224, description: "pixels of a view's side" },
      rounds: { type: "integer", minimum: 1, default: 50, description: "views of each side" },
    },
  },
};

/** Shares of the image's sides that a crop takes: views are shrunk, left about as large, and enlarged. */
const SHARES = [1, 0.6, 0.3] as const;

async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, console.log);
  if (parsed === undefined) return;
  const { size, rounds } = parsed.values as { size: number; rounds: number };
  const path = new URL("../fixtures/images/photo.jpg", import.meta.url);
  const encoded = await openImage(await Deno.readFile(path), "photo.jpg");
  const image = await encoded.decode();
  const { width, height } = image;
  sharp.concurrency(1);
  for (const share of SHARES) {
    const crop = {
      left: 0,
      top: 0,
      width: Math.floor(width * share),
      height: Math.floor(height * share),
    };
    const ours = new Uint8Array(3 * size * size);
    const resized = { width: size, height: size };
    const placement = { crop, resized, left: 0, top: 0, size, flip: false };
    const cut = () => cutView(image, { ...placement, interpolation: "bilinear" }, ours, 0);
    const bySharp = () =>
      sharp(image.data, { raw: { width, height, channels: 3 } })
        .extract(crop).resize(size, size, { fit: "fill", kernel: "linear" }).raw().toBuffer();
    const theirs = await bySharp();
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      for (const [side, work] of [cut, bySharp].entries()) {
        const began = performance.now();
        await work();
        times[side]!.push(performance.now() - began);
      }
    }
    const differences = Array.from(ours, (value, i) => Math.abs(value - theirs[i]!));
    const off = differences.filter((difference) => difference > 1).length / differences.length;
    const largest = differences.reduce((most, difference) => Math.max(most, difference), 0);
    const [mine, other] = times.map(median) as [number, number];
    console.log(
      `${crop.width} x ${crop.height} to ${size} x ${size}: here ${mine.toFixed(2)} ms, sharp ` +
        `${other.toFixed(2)} ms, ratio ${(other / mine).toFixed(1)}; ${
          (100 * off).toFixed(1)
        } % of ` +
        `the values differ by more than 1, by ${largest} at most`,
    );
  }
}

if (import.meta.main) await runTask(main);
