/**
 * Similarities of all pairs of two sets of features, a few rows at a time.
 *
 * @module
 */
import { type ProcessGroup, type RankPart, rankPart } from "../distributed/mod.ts";
import { GenviewRangeError } from "../errors/mod.ts";
import { withTarget } from "../engine/graph/target.ts";
import { formatType, type Tensor, tensor } from "../engine/graph/tensor.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import { gemm } from "../engine/ops/gemm.ts";
import { CPU, DeviceTensor, type Placement, Session } from "../engine/ort/mod.ts";
import { normalizeRows } from "./normalize_rows.ts";

/** Where to compute; on the CPU with all cores when left out. */
export type ComputeOptions = Partial<Placement>;

/** How far apart features are: by the angle between them, or by their Euclidean distance. */
export type FeatureDistance = "cosine" | "euclidean";

/** Where and how to compare. */
export interface SimilarityOptions extends ComputeOptions {
  /** How far apart features are (default `cosine`). */
  readonly distance?: FeatureDistance;
  /** Ranks that each compare a part of the queries, all of them with the whole bank. */
  readonly group?: ProcessGroup | undefined;
}

/** Similarities of one query to each feature of a bank. */
export interface SimilarityRow {
  /** Row of the query. */
  readonly query: number;
  /**
   * One for each row of the bank: cosines; of Euclidean distances d the logarithm of 1/(d + 1e-5), so that votes of
   * exp(similarity) are 1/(d + 1e-5). Overwritten when the next row is asked for.
   */
  readonly similarities: Float32Array;
}

/** Similarities of some queries to some rows of a bank. */
export interface SimilarityBlock {
  /** First row of the queries. */
  readonly firstQuery: number;
  /** First row of the bank. */
  readonly firstBank: number;
  /** Similarities of the queries in their order, as many arrays; overwritten when the next block is asked for. */
  readonly rows: readonly Float32Array[];
}

/** Similarities that are held at once. */
const MOST_SIMILARITIES = 5e6;

/** Rows of a bank in a block, where not all are wanted at once. */
const BANK_ROWS = 8192;

/** What is added to a distance before it is inverted, as in solo-learn's `WeightedKNNClassifier`. */
const DISTANCE_EPSILON = 1e-5;

/** Squared length of each row. */
function squaredNorms({ data, shape }: Tensor<"float32">): Float64Array {
  const width = shape[1]!;
  const norms = new Float64Array(shape[0]!);
  data.forEach((value, i) => norms[Math.floor(i / width)]! += value ** 2);
  return norms;
}

/** Turns the inner products of a query with a bank into similarities by distance, in place. */
function byDistance(products: Float32Array, query: number, bank: Float64Array): Float32Array {
  for (let i = 0; i < products.length; i++) {
    const distance = Math.sqrt(Math.max(0, query + bank[i]! - 2 * products[i]!));
    products[i] = -Math.log(distance + DISTANCE_EPSILON);
  }
  return products;
}

/** Rows of a matrix in memory of their own, zeros behind the last. */
class RowBlock {
  readonly #tensor: Tensor<"float32">;

  constructor(rows: number, width: number) {
    this.#tensor = tensor("float32", [rows, width], new Float32Array(rows * width));
  }

  take({ data, shape }: Tensor<"float32">, first: number): Tensor<"float32"> {
    const [rows, width] = this.#tensor.shape as [number, number];
    const end = Math.min(shape[0]!, first + rows);
    this.#tensor.data.fill(0).set(data.subarray(first * width, end * width));
    return this.#tensor;
  }
}

/** Rows of a bank and of queries in a block. */
export interface BlockRows {
  readonly bankRows: number;
  readonly queryRows: number;
}

/** The similarities of a block: `queries` `[N,D]` and `bank` `[M,D]` to `[N,M]`. */
export function blockSimilarities({ queryRows, bankRows }: BlockRows, width: number): Value {
  return gemm(
    input("queries", "float32", [queryRows, width]),
    input("bank", "float32", [bankRows, width]),
    { transposeB: true },
  );
}

async function* blocks(
  bank: Tensor<"float32">,
  queries: Tensor<"float32">,
  { bankRows, queryRows }: BlockRows,
  { device = CPU, threads, distance = "cosine", group }: SimilarityOptions,
): AsyncGenerator<SimilarityBlock> {
  const [count, width] = queries.shape as [number, number];
  const [size] = bank.shape as [number, number];
  // In whole blocks, so that every product is one that a single process computes.
  const { start, end } = rankPart(count, group, queryRows);
  if (start === end) return;
  const cosine = distance === "cosine";
  // Normalised in any case, which checks that they are finite.
  const unit = normalizeRows(queries);
  const left = cosine ? unit : queries;
  const norms = cosine ? undefined : { queries: squaredNorms(queries), bank: squaredNorms(bank) };
  const similarities = withTarget(
    { provider: device.provider },
    () => blockSimilarities({ queryRows, bankRows }, width),
  );
  const model = encodeModel({ outputs: { similarities } });
  using session = await Session.create(model, { device, threads });
  using part = DeviceTensor.empty({ dtype: "float32", shape: [queryRows, width] }, device);
  using bankPart = DeviceTensor.empty({ dtype: "float32", shape: [bankRows, width] }, device);
  using result = DeviceTensor.empty({ dtype: "float32", shape: [queryRows, bankRows] });
  using binding = session.bind({ queries: part, bank: bankPart }, { similarities: result });
  const [bankBlock, queryBlock] = [new RowBlock(bankRows, width), new RowBlock(queryRows, width)];
  // The bank is normalised and moved once, a block at a time; what is padded with zeros is left out again.
  for (let firstBank = 0; firstBank < size; firstBank += bankRows) {
    const taken = Math.min(bankRows, size - firstBank);
    const block = bankBlock.take(bank, firstBank);
    const normalized = normalizeRows(block, firstBank);
    bankPart.write(cosine ? normalized : block);
    for (let firstQuery = start; firstQuery < end; firstQuery += queryRows) {
      part.write(queryBlock.take(left, firstQuery));
      await binding.run();
      const rows = Array.from({ length: Math.min(queryRows, count - firstQuery) }, (_, row) => {
        const found = result.data.subarray(row * bankRows, row * bankRows + taken);
        return norms === undefined ? found : byDistance(
          found,
          norms.queries[firstQuery + row]!,
          norms.bank.subarray(firstBank, firstBank + taken),
        );
      });
      yield { firstQuery, firstBank, rows };
    }
  }
}

/**
 * The queries that a rank compares by {@linkcode similarityBlocks}.
 *
 * @param queries how many there are
 * @param bank rows of the bank
 */
export function comparedQueries(
  queries: number,
  bank: number,
  group: ProcessGroup | undefined,
): RankPart {
  if (queries === 0 || bank === 0) return { start: 0, end: 0 };
  return rankPart(queries, group, chunkRows(queries, evenPart(bank, BANK_ROWS)));
}

/** Checks that features can be compared; whether there is anything to compare. */
function comparable(bank: Tensor<"float32">, queries: Tensor<"float32">): boolean {
  for (const features of [queries, bank]) {
    if (features.shape.length !== 2) normalizeRows(features);
  }
  if (bank.shape[1] !== queries.shape[1]) {
    throw new GenviewRangeError(
      `Cannot compare features: their widths must be the same, found ${formatType(queries)} and ${
        formatType(bank)
      }`,
    );
  }
  return queries.shape[0]! > 0 && bank.shape[0]! > 0;
}

/**
 * The similarities of queries to the features of a bank, block by block of the bank and within it of the queries: the
 * bank is read once, and memory beside it is that of a block. Of several ranks each has those of its own queries.
 *
 * @param bank float32 `[M,D]`
 * @param queries float32 `[N,D]`
 * @throws {RangeError} if they are not matrices of the same width, or hold what is not a finite number
 */
export async function* similarityBlocks(
  bank: Tensor<"float32">,
  queries: Tensor<"float32">,
  options: SimilarityOptions = {},
): AsyncGenerator<SimilarityBlock> {
  if (!comparable(bank, queries)) return;
  const bankRows = evenPart(bank.shape[0]!, BANK_ROWS);
  const queryRows = chunkRows(queries.shape[0]!, bankRows);
  yield* blocks(bank, queries, { bankRows, queryRows }, options);
}

/** Rows of equal parts that are at most so large: the last one is padded little. */
function evenPart(rows: number, most: number): number {
  return Math.ceil(rows / Math.ceil(rows / most));
}

function chunkRows(queries: number, bank: number): number {
  return evenPart(queries, Math.max(1, Math.floor(MOST_SIMILARITIES / bank)));
}

/**
 * The similarities of each query to all features of a bank, in the order of the queries; of several ranks each has those
 * of a contiguous part of the queries.
 *
 * @param bank float32 `[M,D]`
 * @param queries float32 `[N,D]`
 * @throws {RangeError} if they are not matrices of the same width
 */
export async function* similarityRows(
  bank: Tensor<"float32">,
  queries: Tensor<"float32">,
  options: SimilarityOptions = {},
): AsyncGenerator<SimilarityRow> {
  if (!comparable(bank, queries)) return;
  const [bankRows] = bank.shape as [number, number];
  const rows = { bankRows, queryRows: chunkRows(queries.shape[0]!, bankRows) };
  for await (const block of blocks(bank, queries, rows, options)) {
    for (const [row, similarities] of block.rows.entries()) {
      yield { query: block.firstQuery + row, similarities };
    }
  }
}
