/**
 * What models do on the stand-in for CUDA: whether ONNX Runtime's CUDA provider takes every node, and what a run launches
 * and copies.
 *
 * ```sh
 * deno run -A support/cuda_stand_in/examine.ts FOLDER MODEL.onnx…
 * ```
 *
 * `FOLDER` is what `build.ts` made.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type StandIn, standInAt } from "./build.ts";

/** What a model does on the stand-in. */
export interface Examination {
  /** Why the provider does not take the whole model; undefined if it does. */
  readonly refused?: string;
  /** What a run launches, by name, of kernels and of functions of cuBLAS and cuDNN. */
  readonly launches: Readonly<Record<string, number>>;
  /** How often a run copies, and how many bytes. */
  readonly copies: Readonly<Record<CopyKind, { readonly count: number; readonly bytes: number }>>;
}

/** Where a copy goes. */
export type CopyKind = "toDevice" | "fromDevice" | "onDevice";

/** The kinds of cudaMemcpyKind. */
const KINDS: Readonly<Record<string, CopyKind>> = { 1: "toDevice", 2: "fromDevice", 3: "onDevice" };

/** Number of all launches of a run. */
export function launchCount({ launches }: Pick<Examination, "launches">): number {
  return Object.values(launches).reduce((sum, count) => sum + count, 0);
}

/** What the lines that the stand-in wrote say. */
export function readLog(text: string): Pick<Examination, "launches" | "copies"> {
  const launches: Record<string, number> = {};
  const none = () => ({ count: 0, bytes: 0 });
  const copies = { toDevice: none(), fromDevice: none(), onDevice: none() };
  for (const line of text.split("\n")) {
    const [what, name, size] = line.split(" ");
    if (what === "launch") launches[name!] = (launches[name!] ?? 0) + 1;
    const copy = what === "copy" ? copies[KINDS[name!]!] : undefined;
    if (copy !== undefined) {
      copy.count++;
      copy.bytes += Number(size);
    }
  }
  return { launches, copies };
}

/**
 * Examines models in a process of its own, in which the stand-in takes CUDA's place.
 *
 * @param models by name
 * @param run whether models are run as well, rather than loaded alone (default true)
 * @param ranks processes that models are built for (default 1); with more, their collectives alone may be on the CPU, and
 * make nothing
 * @throws {Error} if the process fails
 */
export async function examineModels(
  { libraries, runtime }: StandIn,
  models: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
  { run = true, ranks = 1 }: { readonly run?: boolean; readonly ranks?: number } = {},
): Promise<Record<string, Examination>> {
  const folder = await Deno.makeTempDir({ prefix: "cuda_stand_in" });
  try {
    const names = Object.keys(models);
    const paths = names.map((_, i) => join(folder, `${i}.onnx`));
    for (const [i, name] of names.entries()) await Deno.writeFile(paths[i]!, models[name]!);
    const program = fileURLToPath(new URL("./examine_program.ts", import.meta.url));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", program, run ? "run" : "load", `${ranks}`, ...paths],
      env: {
        LD_LIBRARY_PATH: libraries,
        GENVIEW_ORT_LIBRARY: runtime,
        CUDA_STAND_IN_LOG: join(folder, "log"),
      },
    }).output();
    const text = new TextDecoder();
    if (code !== 0) throw new Error(`Cannot examine models: ${text.decode(stderr).slice(-2000)}`);
    const found: Examination[] = text.decode(stdout).split("\n").filter((line) =>
      line.startsWith("{")
    ).map((line) => JSON.parse(line));
    if (found.length !== names.length) {
      throw new Error(`Cannot examine models: ${found.length} of ${names.length} were reported`);
    }
    return Object.fromEntries(names.map((name, i) => [name, found[i]!]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const [folder, ...paths] = Deno.args;
  if (folder === undefined || paths.length === 0) {
    console.error("usage: deno run -A support/cuda_stand_in/examine.ts FOLDER MODEL.onnx…");
    Deno.exit(2);
  }
  const models = await Promise.all(
    paths.map(async (path) => [path, await Deno.readFile(path)] as const),
  );
  const found = await examineModels(standInAt(folder), Object.fromEntries(models));
  for (const [path, examination] of Object.entries(found)) {
    const { refused, launches, copies } = examination;
    console.log(refused === undefined ? path : `${path}: ${refused}`);
    if (refused !== undefined) continue;
    console.log(`${launchCount(examination)} launches, copies ${JSON.stringify(copies)}`);
    for (const [name, count] of Object.entries(launches).sort(([, a], [, b]) => b - a)) {
      console.log(`${String(count).padStart(6)} ${name}`);
    }
  }
}
