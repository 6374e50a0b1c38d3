/**
 * Which kernels the providers of ONNX Runtime have, as the library itself lists them (`cpu.json`, `cuda.json`) or shows
 * when it is asked to run an operator (`webgpu.json`). Programs in `reference/` make the tables anew for each version.
 *
 * @module
 */
import type { DType } from "../../graph/dtype.ts";
import type { Provider } from "../../graph/target.ts";
import cpu from "./cpu.json" with { type: "json" };
import cuda from "./cuda.json" with { type: "json" };
import operatorSchemas from "./schemas.json" with { type: "json" };
import webgpu from "./webgpu.json" with { type: "json" };

/** A kernel: the versions of its operator that it is for, and the types that the schema's variables may have. */
export interface Kernel {
  /** First version of the operator. */
  readonly since: number;
  /** Last opset; undefined for one that is for the version `since` and no later one. */
  readonly until?: number;
  /** Element types by variable of the schema. */
  readonly types: Readonly<Record<string, readonly DType[]>>;
}

/** A version of an operator: variables, or types, of what it takes and gives. */
export interface OperatorSchema {
  /** The opset that brought it. */
  readonly since: number;
  /** Of inputs; the last stands for all that follow. */
  readonly inputs: readonly string[];
  /** Of outputs; the last stands for all that follow. */
  readonly outputs: readonly string[];
}

/** The table of a provider's kernels. */
export interface KernelTable {
  /** Version of ONNX Runtime. */
  readonly onnxruntime: string;
  /** Where it is from, in words. */
  readonly source: string;
  /** The opset that it is for; any when left out. */
  readonly opset?: number;
  /** By operator, as in `Conv` or `com.microsoft::FusedMatMul`. */
  readonly operators: Readonly<Record<string, readonly (readonly unknown[])[]>>;
}

/** The tables, by provider. */
export const KERNELS: Readonly<Record<Provider, KernelTable>> = { cpu, cuda, webgpu };

/** Version of ONNX Runtime whose operators the tables' variables are of. */
export const SCHEMA_VERSION: string = operatorSchemas.onnxruntime;

/** An operator's name in the tables. */
export function operatorName(type: string, domain: string): string {
  return domain === "" ? type : `${domain}::${type}`;
}

function words(text: unknown): string[] {
  return String(text).split(" ").filter((word) => word !== "");
}

/** The version of an operator that a name means in an opset; undefined if it is in no table. */
export function schemaOf(name: string, opset: number): OperatorSchema | undefined {
  const versions: readonly (readonly unknown[])[] | undefined =
    operatorSchemas.operators[name as keyof typeof operatorSchemas.operators];
  const found = versions?.filter(([since]) => Number(since) <= opset).at(-1);
  if (found === undefined) return undefined;
  const [inputs, outputs] = found.slice(1).map((side) =>
    words(side).map((word) => word.replace(/[?*]$/, ""))
  );
  return { since: Number(found[0]), inputs: inputs!, outputs: outputs! };
}

const found = new Map<string, readonly Kernel[]>();

/** All kernels of a provider for an operator. */
function kernelsOf(provider: Provider, name: string): readonly Kernel[] {
  const key = `${provider} ${name}`;
  const known = found.get(key);
  if (known !== undefined) return known;
  const kernels = (KERNELS[provider].operators[name] ?? []).map((
    [since, until, types],
  ): Kernel => ({
    since: Number(since),
    ...(until !== null && { until: Number(until) }),
    types: Object.fromEntries(
      Object.entries(types as Record<string, string>).map((
        [variable, text],
      ) => [variable, words(text) as DType[]]),
    ),
  }));
  found.set(key, kernels);
  return kernels;
}

/** The kernels that a provider has for the version of an operator that an opset brought. */
export function kernelsFor(provider: Provider, name: string, version: number): Kernel[] {
  // A kernel without an end is for its own version of the operator alone, as ONNX Runtime reads it.
  return kernelsOf(provider, name).filter(({ since, until = since }) =>
    since <= version && version <= until
  );
}
