/**
 * The section of a report on what is most similar to some images, by the features of one or several networks.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { evenIndices } from "../data/even_indices.ts";
import type { EvaluationRecipe } from "../data/views/recipe.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { BackboneScores } from "../evaluate/evaluate_backbone.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import { imageGrid } from "../plot/image_grid.ts";
import { samplePictures } from "./picture_sections.ts";
import type { Section } from "./report.ts";

/** Neighbours by the features of a network. */
export interface NamedScores {
  /** What the network is called, such as `before training`. */
  readonly name: string;
  /** Its evaluation on bank and queries. */
  readonly scores: Pick<BackboneScores, "bank" | "queries" | "knn">;
}

/** Options of {@linkcode neighboursSection}. */
export interface NeighboursSectionOptions {
  /** Queries that are shown, evenly out of all (default 8). */
  readonly shown?: number;
  /** Neighbours of each, at most as many as the evaluation found (default 6). */
  readonly neighbours?: number;
}

/** The query in front and its neighbours behind, with a caption below each. */
interface NeighbourRow {
  readonly images: readonly Tensor<"uint8">[];
  readonly captions: readonly string[];
}

async function neighbourRow(
  { scores: { bank: { indices }, queries, knn: { k, neighbors } } }: NamedScores,
  row: number,
  columns: number,
  sets: { readonly bank: Dataset; readonly queries: Dataset; readonly recipe: EvaluationRecipe },
): Promise<NeighbourRow> {
  const query = queries.indices[row]!;
  const { identity } = sets.queries.sample(query);
  const places = neighbors.indices.subarray(row * k, row * k + columns);
  const found = Array.from(places, (place) => indices[place]!);
  return {
    images: [
      ...await samplePictures(sets.queries, [query], sets.recipe),
      ...await samplePictures(sets.bank, found, sets.recipe),
    ],
    captions: [
      "",
      ...found.map((index, i) => {
        const similarity = neighbors.similarities[row * k + i]!.toFixed(2);
        const isSame = identity !== undefined && sets.bank.sample(index).identity === identity;
        return isSame ? `${similarity} same` : similarity;
      }),
    ],
  };
}

/**
 * Queries and their nearest neighbours by the features of each network, below each other.
 *
 * @param networks one or several, evaluated on the same bank and queries
 * @throws {TypeError} if they were evaluated on different queries
 */
export async function neighboursSection(
  networks: readonly NamedScores[],
  bank: Dataset,
  queries: Dataset,
  recipe: EvaluationRecipe,
  { shown = 8, neighbours = 6 }: NeighboursSectionOptions = {},
): Promise<Section> {
  const rows = networks[0]?.scores.queries.indices.length ?? 0;
  const other = networks.find(({ scores }) => scores.queries.indices.length !== rows);
  if (rows === 0 || other !== undefined) {
    throw new GenviewTypeError(
      `Cannot show neighbours: all networks must be evaluated on the same queries, found ${rows} of ` +
        `${networks[0]?.name ?? "no network"}${
          other === undefined ? "" : ` and ${other.scores.queries.indices.length} of ${other.name}`
        }`,
    );
  }
  const chosen = evenIndices(rows, shown);
  const columns = Math.min(neighbours, ...networks.map(({ scores: { knn: { k } } }) => k));
  const sets = { bank, queries, recipe };
  const found: NeighbourRow[] = [];
  for (const row of chosen) {
    for (const network of networks) found.push(await neighbourRow(network, row, columns, sets));
  }
  const same = networks.map(({ name }, at) => {
    const own = found.filter((_, i) => i % networks.length === at);
    const right = own.flatMap(({ captions }) => captions.filter((text) => text.endsWith("same")));
    return networks.length > 1 ? `${right.length} ${name}` : String(right.length);
  });
  return {
    title: "Nearest neighbours",
    text:
      `Queries from ${queries.name} and the most similar images of ${bank.name}, by cosine similarity.`,
    figures: [{
      png: await imageGrid({
        images: found.flatMap(({ images }) => images),
        columns: columns + 1,
        columnLabels: ["query", ...Array.from({ length: columns }, (_, i) => `${i + 1}`)],
        ...(networks.length > 1 && {
          rowLabels: found.map((_, i) => networks[i % networks.length]!.name),
        }),
        captions: found.flatMap(({ captions }) => captions),
        paper: false,
        scale: Math.max(1, Math.round(96 / recipe.size)),
      }),
      caption: "Below each neighbour: its similarity, and whether it shows the same thing.",
      alt:
        `${chosen.length} queries with ${columns} neighbours each; of these show the same thing: ${
          same.join(", ")
        }`,
    }],
  };
}
