/**
 * A map of a run's images by their features, over its checkpoints.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { featureNeighbors } from "../../evaluate/embedding_map.ts";
import type { LayoutOptions } from "../../evaluate/neighbor_layout.ts";
import type { MapAnswer } from "../api/pictures.ts";
import { inBackground } from "./background.ts";
import type { PictureContext } from "./picture_context.ts";
import { openRecordedRun, recordedCheckpoints, type RecordedRun } from "./recorded_run.ts";
import { featuresOf, initialNetwork, networkAt, type RunNetwork } from "./run_features.ts";
import { nameImage, type ShownImages, shownImages } from "./shown_images.ts";
import { drawSheet, type Sheet } from "./thumbnails.ts";
import { imageOf } from "./views.ts";

/** Which map is asked for. */
export interface MapQuery {
  /** Path of the run below the studio's root. */
  readonly run: string;
  /** Images. */
  readonly count: number;
}

/** Checkpoints that are laid out, at most, the first and the last among them. */
const MOST_CHECKPOINTS = 24;

/** Height and width of an image in the sheet, in pixels. */
const TILE = 40;

/**
 * How a network's map goes on from that of the one before it. So many small steps lay out a network's neighbours as well as
 * three hundred whole ones from a random beginning do, and move what has stayed alike far less.
 */
const CONTINUED: LayoutOptions = { epochs: 100, stepSize: 0.1 };

/** Some of many, evenly, the first and the last among them. */
function thinned<T>(all: readonly T[], count: number): T[] {
  if (all.length <= count) return [...all];
  return Array.from(
    { length: count },
    (_, i) => all[Math.round(i * (all.length - 1) / (count - 1))]!,
  );
}

/** The networks of a run, the one that it started with first. */
async function networksOf(context: PictureContext, run: RecordedRun): Promise<RunNetwork[]> {
  const checkpoints = thinned(await recordedCheckpoints(context, run), MOST_CHECKPOINTS - 1);
  const later = await Promise.all(checkpoints.map((checkpoint) => networkAt(run, checkpoint)));
  return [await initialNetwork(context, run), ...later];
}

/**
 * Maps of the features of each network. The first begins at random, and each next one where the one before has ended: all lie
 * in one plane, and an image moves by as much as its neighbours have changed. Features of different networks are never
 * compared, as a map that is fitted to one and applied to the others would do: what one network's coordinates mean says
 * nothing of another's.
 */
async function layOut(
  { threads }: PictureContext,
  features: readonly Tensor<"float32">[],
  signal: AbortSignal,
): Promise<Tensor<"float32">[]> {
  const maps: Tensor<"float32">[] = [];
  for (const each of features) {
    const neighbors = await featureNeighbors(each, { threads });
    signal.throwIfAborted();
    const begin = maps.at(-1);
    const options = begin === undefined ? {} : { ...CONTINUED, begin };
    maps.push(await inBackground({ kind: "layout", neighbors, options }, signal));
  }
  return maps;
}

/** Points of all maps within the unit square, in the same place and proportions. */
function withinSquare(maps: readonly Tensor<"float32">[]): Tensor<"float32">[] {
  const lowest = [Infinity, Infinity];
  const highest = [-Infinity, -Infinity];
  for (const { data } of maps) {
    for (const [i, value] of data.entries()) {
      lowest[i % 2] = Math.min(lowest[i % 2]!, value);
      highest[i % 2] = Math.max(highest[i % 2]!, value);
    }
  }
  const side = Math.max(highest[0]! - lowest[0]!, highest[1]! - lowest[1]!) || 1;
  const inSquare = (value: number, axis: number) => {
    const middle = (lowest[axis]! + highest[axis]!) / 2;
    return Math.min(1, Math.max(0, 0.5 + (value - middle) / side));
  };
  return maps.map(({ shape, data }) =>
    tensor("float32", shape, data.map((value, i) => inSquare(value, i % 2)))
  );
}

/** The images of some rows as one picture; those that cannot be read any more are black. */
async function sheetOf(
  { batches, recipe: { size } }: ShownImages,
  rows: readonly number[],
): Promise<Sheet> {
  const read = await batches();
  const pixels = new Map<number, Uint8Array<ArrayBuffer>>();
  for (const batch of read.batches) {
    for (let i = 0; i < batch.shape[0]!; i++) {
      pixels.set(read.indices[pixels.size]!, imageOf(batch, i).data);
    }
  }
  const black = new Uint8Array(3 * size ** 2);
  return await drawSheet(rows.map((index) => pixels.get(index) ?? black), size, TILE);
}

/** What is kept of a map beside its sheet. */
interface CachedMap {
  readonly indices: readonly number[];
  readonly points: MapAnswer["points"];
  readonly tile: number;
  readonly columns: number;
}

/** Lays out all networks and draws the sheet. */
async function makeMap(
  context: PictureContext,
  run: RecordedRun,
  networks: readonly RunNetwork[],
  images: ShownImages,
  signal: AbortSignal,
): Promise<CachedMap & Pick<Sheet, "png">> {
  const { indices, features } = await featuresOf(context, run, networks, images, signal);
  const maps = withinSquare(await layOut(context, features, signal));
  signal.throwIfAborted();
  const { png, tile, columns } = await sheetOf(images, indices);
  const pointsOf = ({ data }: Tensor<"float32">) =>
    indices.map((_, row) => [data[2 * row]!, data[2 * row + 1]!] as const);
  return { indices, points: maps.map(pointsOf), tile, columns, png };
}

/**
 * Some images of a run's data laid out by their features: by the network that it started with, and at each checkpoint that it
 * has kept, all in one plane.
 *
 * @throws {TypeError} if there is no such run, or its data may not be read
 * @throws {RangeError} if its data are fewer than four images
 */
export async function mapOf(
  context: PictureContext,
  query: MapQuery,
  signal: AbortSignal,
): Promise<MapAnswer> {
  const run = await openRecordedRun(context, query.run);
  const networks = await networksOf(context, run);
  const name = `map ${run.folder} ${networks.map(({ digest }) => digest).join()} ${query.count}`;
  return await context.work.run(name, signal, async (signal) => {
    const images = await shownImages(context, run, query.count, signal);
    const facts = [images.digest, TILE, CONTINUED, networks.map(({ digest }) => digest)];
    const key = `map ${createHash("sha256").update(JSON.stringify(facts)).digest("hex")}`;
    const kept = await context.cache.get(key);
    const { png, ...made } = kept === undefined
      ? await makeMap(context, run, networks, images, signal)
      : { ...kept.facts as CachedMap, png: kept.bytes };
    if (kept === undefined) await context.cache.put(key, { facts: made, bytes: png });
    const { indices, points, tile, columns } = made;
    return {
      checkpoints: networks.map(({ name, epoch }) => ({ name, epoch })),
      images: indices.map((index) => nameImage(context, images, index)),
      points,
      sheet: { picture: context.pictures.keep(png), tile, columns },
    };
  });
}
