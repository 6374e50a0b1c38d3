/**
 * `deno task bench distributed`: steps on several processes of this machine beside PyTorch's DistributedDataParallel, and a
 * model of clusters that is checked against them.
 *
 * Both sides train the same ResNet-18 from the same hashed weights and images, one thread for each process; the losses of
 * their first steps must agree. They take turns, each a run of its own: waiting processes of MPI would take the other's cores.
 *
 * @module
 */
import { counted } from "../core/schema/counted.ts";
import { startRanks } from "../core/distributed/mod.ts";
import { type Command, parse, runTask } from "../tasks/cli/command_line.ts";
import { describeClusters, drawClusters } from "./distributed/clusters.ts";
import { allReduceSeconds, fitWire, type Wire } from "./distributed/model.ts";
import type { MeasuredSteps, MeasuredVector } from "./distributed/rank.ts";
import { printProcessor } from "./processor.ts";

const SIZE = 32;

const COMMAND: Command = {
  name: "bench distributed",
  summary: "Compares steps on several processes with those of torch.distributed, by turns.",
  examples: [{
    command: "deno task bench distributed --python python3",
    does: "1, 2 and 4 processes, with the interpreter that has torch and torchvision",
  }, {
    command: "deno task bench distributed --model 4 --picture clusters.svg",
    does: "the model of clusters alone, for 4 GB/s between processes that go by the host",
  }],
  options: {
    type: "object",
    properties: {
      python: { type: "string", default: "python3", description: "interpreter with torch" },
      steps: { type: "integer", minimum: 1, default: 6, description: "steps of each run" },
      rounds: { type: "integer", minimum: 1, default: 3, description: "runs of each side" },
      batch: { type: "integer", minimum: 1, default: 16, description: "samples of a process" },
      most: { type: "integer", minimum: 1, default: 4, description: "most processes" },
      model: {
        type: "number",
        minimum: 0,
        default: 0,
        description: "measure nothing: GB/s between processes that go by the host",
      },
      picture: { type: "string", default: "", description: "SVG to draw the model to" },
    },
  },
};

interface Options {
  readonly python: string;
  readonly steps: number;
  readonly rounds: number;
  readonly batch: number;
  readonly most: number;
  readonly model: number;
  readonly picture: string;
}

/** Has Open MPI send by TCP, as gloo does, rather than through memory that processes share. */
const BY_TCP = { OMPI_MCA_pml: "ob1", OMPI_MCA_btl: "tcp,self" };

/** Largest relative difference of the losses of the first step. */
const TOLERANCE = 1e-3;

const RANK = new URL("./distributed/rank.ts", import.meta.url);

/** What ranks of our side measured. */
async function measure<T>(
  ranks: number,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<T> {
  const file = await Deno.makeTempFile();
  try {
    const [what, ...rest] = args;
    const started = await startRanks({
      ...{ ranks, program: RANK, args: [what!, file, ...rest], environment },
      permissions: ["--no-check", "--quiet", "--allow-all"],
    });
    const code = await started.code;
    if (code !== 0) throw new Error(`Cannot compare: ${ranks} processes ended with code ${code}`);
    return JSON.parse(await Deno.readTextFile(file));
  } finally {
    await Deno.remove(file);
  }
}

async function measureTheirs(
  ranks: number,
  { python, batch, steps }: Options,
): Promise<MeasuredSteps> {
  const script = new URL("../reference/bench_distributed.py", import.meta.url).pathname;
  const { success, stdout } = await new Deno.Command(python, {
    args: [script, ...[ranks, batch, SIZE, steps].map(String)],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("Cannot compare: PyTorch's side has failed");
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The quickest of runs: what else the machine does makes others slower, and none quicker. */
function best(runs: readonly MeasuredSteps[]): MeasuredSteps {
  return runs.reduce((a, b) => b.seconds < a.seconds ? b : a);
}

function describe(
  name: string,
  ranks: number,
  { seconds, communication, loopback }: MeasuredSteps,
) {
  const share = (100 * communication / seconds).toFixed(1);
  const sent = loopback < 1e6
    ? "through shared memory"
    : `${(loopback / ranks / 1e6).toFixed(1)} MB sent by each`;
  return `  ${name.padEnd(12)} ${(1000 * seconds).toFixed(0).padStart(6)} ms a step, ` +
    `${(1000 * communication).toFixed(0)} ms (${share} %) of it to sum gradients` +
    (ranks === 1 ? "" : `, ${sent}`);
}

/** Steps of both sides by turns; returns our seconds. */
async function compare(ranks: number, options: Options): Promise<number> {
  const { batch, steps, rounds } = options;
  const args = ["steps", ...[batch, SIZE, steps].map(String)];
  const ours: MeasuredSteps[] = [];
  const byTcp: MeasuredSteps[] = [];
  const theirs: MeasuredSteps[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await measure<MeasuredSteps>(ranks, args));
    if (ranks > 1) byTcp.push(await measure<MeasuredSteps>(ranks, args, BY_TCP));
    theirs.push(await measureTheirs(ranks, options));
  }
  const [us, them] = [best(ours), best(theirs)];
  if (Math.abs(us.loss / them.loss - 1) > TOLERANCE) {
    throw new Error(`Cannot compare: the first losses are ${us.loss} and ${them.loss}`);
  }
  const least = 2 * (ranks - 1) / ranks * them.handed / 1e6;
  console.log(
    `${counted(ranks, "process", "processes")}, ${counted(batch, "sample")} each` +
      (ranks === 1 ? "" : `; each must send ${least.toFixed(1)} MB of ${them.handed} bytes`),
  );
  console.log(describe("genview", ranks, us));
  if (ranks > 1) console.log(describe("by TCP", ranks, best(byTcp)));
  console.log(describe("gloo", ranks, them));
  console.log(`  ${(them.seconds / us.seconds).toFixed(2)} times gloo's speed`);
  return us.seconds;
}

/** Sums of vectors, and the wire that they tell of. */
async function sums(ranks: number): Promise<{ readonly wire: Wire; readonly gradients: number }> {
  const vectors = await measure<MeasuredVector[]>(ranks, ["vectors", "9"]);
  const whole = vectors.filter(({ bytes, piece }) => bytes === piece);
  const wire = fitWire(ranks, whole[0]!, whole.at(-1)!);
  console.log(
    `${ranks} processes: latency ${(1e6 * wire.latency).toFixed(0)} µs, ` +
      `${(wire.bandwidth / 1e9).toFixed(2)} GB/s`,
  );
  for (const { bytes, piece, seconds } of vectors) {
    const modelled = allReduceSeconds(bytes, ranks, wire);
    console.log(
      `  ${bytes} bytes${piece < bytes ? ` in pieces of ${piece}` : ""}: ` +
        `${(1000 * seconds).toFixed(3)} ms` +
        (piece < bytes ? "" : `, modelled ${(1000 * modelled).toFixed(3)}`),
    );
  }
  return { wire, gradients: whole.at(-1)!.bytes };
}

/** Steps and sums on this machine, and how well the model foretells the steps. */
async function measureAll(options: Options): Promise<number> {
  await printProcessor();
  const counts = [1, 2, 4].filter((ranks) => ranks <= options.most);
  const seconds = new Map<number, number>();
  for (const ranks of counts) seconds.set(ranks, await compare(ranks, options));
  let bandwidth = Infinity;
  for (const ranks of counts.slice(1)) {
    const { wire, gradients } = await sums(ranks);
    bandwidth = Math.min(bandwidth, wire.bandwidth);
    const crowd = Math.max(1, ranks / navigator.hardwareConcurrency);
    const foretold = crowd * seconds.get(1)! + allReduceSeconds(gradients, ranks, wire);
    console.log(
      `  a step is modelled as ${(1000 * foretold).toFixed(0)} ms, measured ${
        (1000 * seconds.get(ranks)!).toFixed(0)
      }`,
    );
  }
  return bandwidth;
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, console.log);
  if (parsed === undefined) return;
  const options = parsed.values as unknown as Options;
  const bandwidth = options.model > 0 ? 1e9 * options.model : await measureAll(options);
  if (options.model > 0) console.log(describeClusters(bandwidth));
  if (options.picture !== "") {
    await Deno.writeTextFile(options.picture, await drawClusters(bandwidth));
  }
}

if (import.meta.main) await runTask(main);
