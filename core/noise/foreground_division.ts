/**
 * By what component and threshold scores are divided, and whether a network fits them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { weightsIdentity } from "../encoders/weights_identity.ts";
import type { TokenNetwork } from "../encoders/token_encoder.ts";
import { bytesOf, type Tensor, tensor } from "../engine/graph/tensor.ts";
import { GenviewTypeError } from "../errors/mod.ts";
import {
  findComponent,
  foregroundRatios,
  type MaskType,
  readComponent,
  readExtractionRecord,
  readThreshold,
} from "../masking/mod.ts";

/** Where component and threshold come from. */
export interface DivisionSource {
  /** Folder of an extraction; empty or left out for none. */
  readonly inputDir?: string | undefined;
  /** File of the component, float32 `[D, 1]`; that of `inputDir` when empty or left out. */
  readonly pcaVectors?: string | undefined;
  /** The threshold; that of `inputDir` when left out. */
  readonly fgThre?: number | undefined;
  /** Which side of the threshold is foreground (default `gt`). */
  readonly maskType?: MaskType | undefined;
}

/** How scores are divided into background and foreground. */
export interface ForegroundDivision {
  /** D coordinates. */
  readonly component: Float32Array<ArrayBuffer>;
  /** Of the scores. */
  readonly threshold: number;
  /** Which side of it is foreground. */
  readonly maskType: MaskType;
}

/**
 * Reads the component and the threshold.
 *
 * @throws {TypeError} if one of them is neither given nor in the folder
 */
export async function openDivision(
  { inputDir = "", pcaVectors = "", fgThre, maskType = "gt" }: DivisionSource,
): Promise<ForegroundDivision> {
  if (inputDir === "" && pcaVectors === "") {
    throw new GenviewTypeError(
      'Cannot compute ratios: --input-dir must name a folder of "deno task extract-features", found none',
    );
  }
  return {
    component: await readComponent(pcaVectors || await findComponent(inputDir)),
    threshold: fgThre ?? await readThreshold(inputDir),
    maskType,
  };
}

/**
 * Checks that a network's tokens can be scored: by their width, and by the network that the folder's component and
 * threshold were found with.
 *
 * @throws {TypeError} if it is another one
 */
export async function checkNetwork(
  network: TokenNetwork,
  { component }: ForegroundDivision,
  { inputDir = "", pcaVectors = "", fgThre }: DivisionSource,
): Promise<void> {
  const isIndependent = pcaVectors !== "" && fgThre !== undefined;
  const record = inputDir === "" || isIndependent
    ? undefined
    : await readExtractionRecord(inputDir);
  const weights = await weightsIdentity(network);
  if (record !== undefined && (record.weights !== weights)) {
    throw new GenviewTypeError(
      `Cannot compute ratios: the network must be the one of ${inputDir}, ${record.network} ` +
        `(${record.weights}), found ${network.name} (${weights}); leave --model out to take that one`,
    );
  }
  if (record !== undefined && record.imageSize !== network.view.size) {
    throw new GenviewTypeError(
      `Cannot compute ratios: --image-size must be that of ${inputDir}, ${record.imageSize}, ` +
        `found ${network.view.size}`,
    );
  }
  if (network.width !== component.length) {
    throw new GenviewTypeError(
      `Cannot compute ratios: the component must have the ${network.width} coordinates of ` +
        `${network.name}'s tokens, found ${component.length}`,
    );
  }
}

/** SHA-256 of a component's bytes. */
export function componentDigest(component: Float32Array<ArrayBuffer>): string {
  const bytes = bytesOf(tensor("float32", [component.length], component));
  return createHash("sha256").update(bytes).digest("hex");
}

/** Ratios of images from their scores, float32 `[N, P]`. */
export function ratiosOf(
  scores: Tensor<"float32">,
  { threshold, maskType }: ForegroundDivision,
): Float32Array {
  return foregroundRatios(scores, threshold, maskType).data;
}
