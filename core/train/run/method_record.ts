/**
 * What a run records of its method, by which a resume finds that it is another.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { TrainableMethod } from "../../method/load.ts";
import type { CheckpointState } from "../../weights/checkpoint/state.ts";

/** Name, address and digests of a method. */
export type MethodRecord = Pick<
  CheckpointState,
  "method" | "address" | "manifestSha256" | "sourceSha256"
>;

/** What is recorded of a method; of one that was handed over as an object the code is not known. */
export function recordMethod(method: TrainableMethod): MethodRecord {
  const manifest = JSON.stringify(method.manifest);
  return {
    method: method.manifest.name,
    manifestSha256: createHash("sha256").update(manifest).digest("hex"),
    ...("address" in method && { address: method.address }),
    ...("sha256" in method && { sourceSha256: method.sha256 }),
  };
}

function shortened(digest: string): string {
  return digest.slice(0, 12);
}

/**
 * What differs between the method that a run began with and the one that it goes on with.
 *
 * @param title what people call the method
 * @returns a sentence for each difference
 */
export function methodChanges(
  before: Partial<MethodRecord>,
  now: MethodRecord,
  title: string,
): string[] {
  const sentences: string[] = [];
  const differs = (key: keyof MethodRecord) =>
    before[key] !== undefined && now[key] !== undefined && before[key] !== now[key];
  if (differs("address")) {
    sentences.push(`The run began with ${title} from ${before.address}, found ${now.address}`);
  }
  if (differs("sourceSha256")) {
    sentences.push(
      `The code of ${title} has changed since the checkpoint was written (SHA-256 ${
        shortened(before.sourceSha256!)
      }, found ${shortened(now.sourceSha256!)})`,
    );
  } else if (differs("manifestSha256")) {
    sentences.push(`The manifest of ${title} has changed since the checkpoint was written`);
  }
  return sentences;
}
