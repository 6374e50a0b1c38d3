/**
 * Pairs of views with their foreground maps and weights: as a run has recorded them, or judged anew.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { RgbImage } from "../../data/dataset.ts";
import { openImage } from "../../data/decode/encoded_image.ts";
import { encodeImage } from "../../data/write_image.ts";
import { GenviewRangeError } from "../../errors/mod.ts";
import { explainingFileErrors } from "../../files/file_error.ts";
import { ifThere } from "../../files/if_there.ts";
import type { GridPlace } from "../../plot/image_grid.ts";
import { extremeIndices, extremePairs } from "../../train/run/extreme_pairs.ts";
import { drawPairs } from "../../train/run/pairs_picture.ts";
import { type PairsRecord, readPairsRecord, recordPairs } from "../../train/run/pairs_record.ts";
import type { PairsAnswer } from "../api/pictures.ts";
import { below } from "../confined_files.ts";
import { judgePairs } from "./judge_pairs.ts";
import type { PictureContext } from "./picture_context.ts";
import { chosenEpoch, openRecordedRun, type RecordedRun } from "./recorded_run.ts";

/** Which pairs are asked for. */
export interface PairsQuery {
  /** Path of the run below the studio's root. */
  readonly run: string;
  /** Pairs, of most and of least weight. */
  readonly count: number;
  /** Epoch, counted from 0; the last that is recorded when left out, or else the run's last. */
  readonly epoch?: number | undefined;
}

/** Pairs, and the picture that they lie in. */
interface DrawnPairs {
  readonly record: PairsRecord;
  readonly png: Uint8Array<ArrayBuffer>;
}

/** Bytes of a picture of pairs, at most. */
const MOST_BYTES = 64 << 20;

/** Pixels of a picture of pairs, at most. */
const MOST_PIXELS = 100_000_000;

/** Pairs that are kept of those that were judged anew. */
const KEPT = 64;

/** The last epoch of which pairs are recorded; undefined if none are. */
async function lastRecorded(
  context: PictureContext,
  { run }: RecordedRun,
): Promise<number | undefined> {
  const folder = await ifThere(context.resolve(below(run, "pairs")));
  if (folder === undefined) return undefined;
  const entries = await explainingFileErrors(
    `list ${folder}`,
    Array.fromAsync(Deno.readDir(folder)),
  );
  const epochs = entries.flatMap(({ name, isFile }) => {
    const found = /^epoch-(\d{1,9})\.json$/.exec(name);
    return isFile && found !== null ? [Number(found[1])] : [];
  });
  return epochs.length === 0 ? undefined : Math.max(...epochs);
}

/** What the run has recorded of an epoch; undefined if it has not, as runs of earlier versions. */
async function recorded(
  context: PictureContext,
  { run }: RecordedRun,
  epoch: number,
): Promise<DrawnPairs | undefined> {
  const [record, picture] = await Promise.all(
    ["json", "png"].map((ending) =>
      ifThere(context.resolve(below(run, `pairs/epoch-${epoch}.${ending}`)))
    ),
  );
  if (record === undefined || picture === undefined) return undefined;
  for (const path of [record, picture]) {
    const { isFile, size } = await explainingFileErrors(`read ${path}`, Deno.stat(path));
    if (isFile && size <= MOST_BYTES) continue;
    throw new GenviewRangeError(
      `Cannot read ${path}: it must be a file of at most ${MOST_BYTES} bytes, found ${size}`,
    );
  }
  const found = await readPairsRecord(record);
  const png = await explainingFileErrors(`read ${picture}`, Deno.readFile(picture));
  return found && { record: found, png };
}

/** The pairs of an epoch judged anew, or as they were before. */
async function judged(
  context: PictureContext,
  run: RecordedRun,
  epoch: number,
  signal: AbortSignal,
): Promise<DrawnPairs> {
  const facts = JSON.stringify([run.folder, run.configuration, epoch, KEPT]);
  const key = `pairs ${createHash("sha256").update(facts).digest("hex")}`;
  const kept = await context.cache.get(key);
  if (kept !== undefined) return { record: kept.facts as PairsRecord, png: kept.bytes };
  return await context.work.run(key, signal, async (signal) => {
    const pairs = extremePairs(await judgePairs(context, run, epoch, signal), KEPT);
    const drawn = { record: recordPairs(pairs), png: await drawPairs(pairs) };
    await context.cache.put(key, { facts: drawn.record, bytes: drawn.png });
    return drawn;
  });
}

/** The pixels of the picture of pairs: 8-bit RGB. */
async function pixelsOf(png: Uint8Array<ArrayBuffer>, { run }: RecordedRun): Promise<RgbImage> {
  const image = await openImage(png, `the pairs of ${run}`);
  if (image.width * image.height <= MOST_PIXELS) return await image.decode();
  throw new GenviewRangeError(
    `Cannot show the pairs of ${run}: their picture must have at most ${MOST_PIXELS} pixels, found more`,
  );
}

/** Cuts an image out of the picture of pairs. */
async function cut(
  { width, height, data }: RgbImage,
  { left, top, ...size }: GridPlace,
  { run }: RecordedRun,
): Promise<Uint8Array<ArrayBuffer>> {
  if (
    size.width < 1 || size.height < 1 || left + size.width > width || top + size.height > height
  ) {
    throw new GenviewRangeError(
      `Cannot show the pairs of ${run}: their views must lie in the picture, found one at ${left}, ${top} of ` +
        `${size.width} x ${size.height} in ${width} x ${height} pixels`,
    );
  }
  const pixels = new Uint8Array(3 * size.width * size.height);
  for (let y = 0; y < size.height; y++) {
    const from = 3 * ((top + y) * width + left);
    pixels.set(data.subarray(from, from + 3 * size.width), 3 * y * size.width);
  }
  return await encodeImage({ ...size, data: pixels });
}

/**
 * Pairs of the first batch of an epoch, from the largest weight to the smallest: those that the run has recorded, or all of
 * the batch judged anew, with the same numbers.
 *
 * @throws {TypeError} if there is no such run, or its data may not be read
 * @throws {Deno.errors.NotFound} if it weighs no pairs
 * @throws {RangeError} if it has no such epoch
 */
export async function pairsOf(
  context: PictureContext,
  query: PairsQuery,
  signal: AbortSignal,
): Promise<PairsAnswer> {
  const run = await openRecordedRun(context, query.run);
  const asked = query.epoch ?? await lastRecorded(context, run);
  const epoch = await chosenEpoch(context, run, asked);
  const drawn = await recorded(context, run, epoch) ?? await judged(context, run, epoch, signal);
  const { record: { pairs }, png } = drawn;
  const picture = await pixelsOf(png, run);
  const both = async (places: readonly [GridPlace, GridPlace]) => {
    const [first, second] = await Promise.all(places.map((place) => cut(picture, place, run)));
    return [context.pictures.keep(first!), context.pictures.keep(second!)] as const;
  };
  const weights = Float32Array.from(pairs, ({ weight }) => weight);
  return {
    epoch,
    pairs: await Promise.all(
      extremeIndices(weights, query.count).map(async (index) => {
        const { views, maps, ...judgement } = pairs[index]!;
        return { views: await both(views), maps: await both(maps), ...judgement };
      }),
    ),
  };
}
