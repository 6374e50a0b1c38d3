/**
 * A paper model of a training step on many GPUs: what it computes, and what its processes wait for.
 *
 * @module
 */

/** What carries messages between processes. */
export interface Wire {
  /** Seconds that a message takes besides its bytes. */
  readonly latency: number;
  /** Bytes in a second that each process sends and receives, summing included. */
  readonly bandwidth: number;
}

/** Seconds to sum bytes over all processes by halves (Rabenseifner's algorithm): no ring or tree has fewer of both terms. */
export function allReduceSeconds(bytes: number, ranks: number, wire: Wire): number {
  if (ranks === 1) return 0;
  const messages = 2 * Math.ceil(Math.log2(ranks));
  return messages * wire.latency + 2 * (ranks - 1) / ranks * bytes / wire.bandwidth;
}

/** The wire by which a number of processes took measured times: its latency from few bytes, its bandwidth from many. */
export function fitWire(
  ranks: number,
  few: { readonly bytes: number; readonly seconds: number },
  many: { readonly bytes: number; readonly seconds: number },
): Wire {
  const latency = few.seconds / (2 * Math.ceil(Math.log2(ranks)));
  const bandwidth = 2 * (ranks - 1) / ranks * many.bytes / (many.seconds - few.seconds);
  return { latency, bandwidth };
}

/** A method on a network, as the model knows it. */
export interface Workload {
  readonly name: string;
  /** Samples of each GPU. */
  readonly samples: number;
  /** Seconds that a GPU computes in a step. */
  readonly compute: number;
  /** Bytes of the gradients. */
  readonly gradients: number;
  /** Collectives within networks and loss: synchronised batch norm, gathered embeddings. */
  readonly collectives: number;
  /** Features of an embedding that is compared with those of the whole batch. */
  readonly width: number;
}

/** What a process's waits are made of. */
export interface Transport {
  readonly name: string;
  readonly wire: Wire;
  /** Seconds for which a collective in the middle of a graph stops the GPU besides. */
  readonly stop: number;
  /** Bytes in a second between the GPU and the host, by which all has to go and come back; undefined if nothing has to. */
  readonly hostCopy?: number;
  /** Share of the computing behind which gradients can hide. */
  readonly overlap: number;
}

/** Products of a GPU in a second: half of an H100's peak in TF32. */
const RATE = 0.5 * 494.7e12;

/** Views of a sample whose embeddings are compared. */
const VIEWS = 2;

/** A step, seconds of each of its parts. */
export interface StepParts {
  readonly compute: number;
  readonly gradients: number;
  readonly collectives: number;
  readonly loss: number;
  /** Samples in a second of all GPUs, as a share of what they would take one by one. */
  readonly efficiency: number;
  /** Bytes of a matrix of similarities, which every process holds: of its own samples to those of all. */
  readonly similarities: number;
}

/** A step on a number of GPUs, each with as many samples. */
export function stepParts(
  { samples, compute, gradients, collectives, width }: Workload,
  { wire, stop, hostCopy, overlap }: Transport,
  ranks: number,
): StepParts {
  const moved = (bytes: number) => hostCopy === undefined ? 0 : 2 * bytes / hostCopy;
  const sums = allReduceSeconds(gradients, ranks, wire) + moved(gradients);
  const whole = samples * ranks;
  const embeddings = VIEWS * 4 * whole * width;
  const within = collectives * (stop + Math.ceil(Math.log2(ranks)) * wire.latency) +
    (ranks - 1) / ranks * embeddings / wire.bandwidth + moved(embeddings);
  // A process compares its own samples with those of all; both directions, each once forward and twice backward.
  const lossOf = (others: number) => VIEWS * 3 * 2 * samples * others * width / RATE;
  const parts = {
    compute,
    gradients: Math.max(0, sums - overlap * compute),
    collectives: within,
    loss: lossOf(whole),
  };
  const seconds = Object.values(parts).reduce((sum, part) => sum + part);
  return {
    ...parts,
    efficiency: (compute + lossOf(samples)) / seconds,
    similarities: 4 * samples * whole,
  };
}
