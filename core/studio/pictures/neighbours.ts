/**
 * Images that a run's networks take for most alike.
 *
 * @module
 */
import { evenIndices } from "../../data/even_indices.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { GenviewRangeError } from "../../errors/mod.ts";
import { nearestNeighbors } from "../../evaluate/nearest_neighbors.ts";
import type { NeighboursAnswer } from "../api/pictures.ts";
import type { PictureContext } from "./picture_context.ts";
import { chosenCheckpoint, openRecordedRun, recordedCheckpoints } from "./recorded_run.ts";
import { featuresOf, initialNetwork, networkAt } from "./run_features.ts";
import { nameImage, shownImages } from "./shown_images.ts";

/** Whose neighbours are asked for. */
export interface NeighboursQuery {
  /** Path of the run below the studio's root. */
  readonly run: string;
  /** Name of a checkpoint; the newest when left out. */
  readonly checkpoint?: string | undefined;
  /** Queries. */
  readonly count: number;
}

/** Images among which neighbours are looked for, at most. */
const BANK = 1000;

/** Neighbours of each query. */
const NEIGHBOURS = 8;

type Neighbours = NeighboursAnswer["queries"][number]["before"];

/** Some rows of features. */
function rowsOf({ shape, data }: Tensor<"float32">, rows: readonly number[]): Tensor<"float32"> {
  const width = shape[1]!;
  const chosen = new Float32Array(rows.length * width);
  for (const [place, row] of rows.entries()) {
    chosen.set(data.subarray(row * width, (row + 1) * width), place * width);
  }
  return tensor("float32", [rows.length, width], chosen);
}

/**
 * Images of a run's data, each with the images among at most 1000 that are nearest by cosine similarity: by the network that
 * the run started with, and at a checkpoint.
 *
 * @throws {TypeError} if there is no such run, or its data may not be read
 * @throws {Deno.errors.NotFound} if it has no such checkpoint
 * @throws {RangeError} if its data are a single image
 */
export async function neighboursOf(
  context: PictureContext,
  query: NeighboursQuery,
  signal: AbortSignal,
): Promise<NeighboursAnswer> {
  const run = await openRecordedRun(context, query.run);
  const checkpoint = chosenCheckpoint(
    run,
    await recordedCheckpoints(context, run),
    query.checkpoint,
  );
  const name = `neighbours ${run.folder} ${checkpoint.name} ${query.count}`;
  return await context.work.run(name, signal, async (signal) => {
    const networks = [await initialNetwork(context, run), await networkAt(run, checkpoint)];
    const images = await shownImages(context, run, BANK, signal);
    const { indices, features } = await featuresOf(context, run, networks, images, signal);
    if (indices.length < 2) {
      throw new GenviewRangeError(
        `Cannot show neighbours by ${run.run}: its data must hold two images or more, found ${indices.length}`,
      );
    }
    const rows = evenIndices(indices.length, query.count);
    const k = Math.min(NEIGHBOURS, indices.length - 1);
    const named = (row: number) => nameImage(context, images, indices[row]!);
    const neighboursBy = async (bank: Tensor<"float32">): Promise<Neighbours[]> => {
      const found = await nearestNeighbors(bank, rowsOf(bank, rows), {
        k,
        excluded: (place) => [rows[place]!],
        threads: context.threads,
      });
      return rows.map((_, place) =>
        Array.from({ length: k }, (_, i) => ({
          ...named(found.indices[place * k + i]!),
          similarity: found.similarities[place * k + i]!,
        }))
      );
    };
    const [before, after] = [await neighboursBy(features[0]!), await neighboursBy(features[1]!)];
    return {
      queries: rows.map((row, place) => ({
        query: named(row),
        before: before[place]!,
        after: after[place]!,
      })),
    };
  });
}
