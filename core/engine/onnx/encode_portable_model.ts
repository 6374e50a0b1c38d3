/**
 * Trained networks as models for other programs.
 *
 * @module
 */
import { fromBinary, type ModelProto, ModelProtoSchema, toBinary } from "../../deps/protobuf.ts";
import { GenviewRangeError } from "../../errors/mod.ts";
import { withTarget } from "../graph/target.ts";
import { takeAnyBatch } from "./dynamic_batch.ts";
import { encodeModel, type ModelDescription } from "./encode_model.ts";
import { foldNormalization } from "./fold_normalization.ts";

/** Rows that graphs are built for to find out where their number stands: primes that no other length is made of. */
const TWO_BATCHES = [10_007, 10_009] as const;

/** How a portable model takes its input. */
export interface PortableModelOptions {
  /** Name of the input whose first axis has a row for each image. */
  readonly input: string;
  /** Rows of a run; any number when left out. */
  readonly batchSize?: number;
}

function decode(description: ModelDescription): ModelProto {
  return fromBinary(ModelProtoSchema, encodeModel(description));
}

/**
 * Encodes a network for inference as other programs want it: any number of images in a run, batch normalisation folded
 * into the convolutions before it, and operators of the ONNX standard.
 *
 * @param describe describes the model for a number of rows; weights are its initializers
 * @throws {RangeError} if the batch size is not a positive integer
 */
export function encodePortableModel(
  describe: (batch: number) => ModelDescription,
  { input, batchSize }: PortableModelOptions,
): Uint8Array<ArrayBuffer> {
  if (batchSize !== undefined && !(Number.isInteger(batchSize) && batchSize > 0)) {
    throw new GenviewRangeError(
      `Cannot encode the model: the batch size must be a positive integer, found ${batchSize}`,
    );
  }
  const [first, second] = TWO_BATCHES;
  const model = decode(withTarget({ portable: true }, () => describe(batchSize ?? first)));
  if (batchSize === undefined) {
    const { initializers: _, ...other } = withTarget({ portable: true }, () => describe(second));
    takeAnyBatch(model, decode(other), { name: input, batch: first });
  }
  foldNormalization(model);
  return toBinary(ModelProtoSchema, model) as Uint8Array<ArrayBuffer>;
}
