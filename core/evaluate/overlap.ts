/**
 * Images that are in two data sets at once: a query that is also in the bank is its own nearest neighbour, and a
 * classifier that was trained on it knows the answer.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { ifThere } from "../files/if_there.ts";

/** Which samples of a bank are the same image as a query. */
export interface Overlap {
  /** Indices in the bank by the index of the query; queries that are not in the bank are absent. */
  readonly bankIndices: ReadonlyMap<number, readonly number[]>;
  /** Largest number of samples of the bank that are one query. */
  readonly most: number;
}

/** Files that are looked up at once. */
const AT_ONCE = 64;

/**
 * What tells the images of a data set apart: the real path of a file, so that a link and the file are one, and the name
 * of any other image.
 */
async function placesOf(dataset: Dataset): Promise<string[]> {
  const places: string[] = [];
  for (let start = 0; start < dataset.length; start += AT_ONCE) {
    const count = Math.min(AT_ONCE, dataset.length - start);
    places.push(
      ...await Promise.all(Array.from({ length: count }, async (_, i) => {
        const { kind, name } = dataset.sample(start + i).source;
        if (kind === "rendered") return `rendered ${name}`;
        // What cannot be looked up, such as a link to itself, is met and counted when the images are loaded.
        return await ifThere(
          Deno.realPath(name).catch((error) => {
            if (error instanceof Deno.errors.NotFound) throw error;
            return name;
          }),
        ) ?? name;
      })),
    );
  }
  return places;
}

/**
 * Finds the queries that are in a bank, by the place of their image and not by its name in either data set. Drawn images
 * are the same if they have the same name, such as that of one emoji in one design.
 */
export async function findOverlap(bank: Dataset, queries: Dataset): Promise<Overlap> {
  const places = await placesOf(bank);
  const indices = Map.groupBy(places.keys(), (index) => places[index]!);
  const wanted = bank === queries ? places : await placesOf(queries);
  const bankIndices = new Map<number, readonly number[]>();
  let most = 0;
  for (const [query, place] of wanted.entries()) {
    const same = indices.get(place);
    if (same === undefined) continue;
    bankIndices.set(query, same);
    most = Math.max(most, same.length);
  }
  return { bankIndices, most };
}
