/**
 * The table of the kernels that ONNX Runtime's WebGPU provider runs, asked of the npm package's own library: its C API
 * lists no kernels, and no wheel of every version has the provider, so each operator is put into a model by itself, for
 * each choice of element types, and loaded with the CPU forbidden. Made into core/engine/onnx/kernels/webgpu.json, for
 * the operators and versions in schemas.json, which kernel_tables.py makes.
 *
 * ```sh
 * export VK_DRIVER_FILES=/usr/lib/chromium/vk_swiftshader_icd.json XDG_RUNTIME_DIR=/tmp LD_LIBRARY_PATH=/usr/lib/chromium
 * deno run -A reference/webgpu_kernels.ts
 * ```
 *
 * What a graph's operator is asked for is what its opset names, so the table holds for that opset alone.
 *
 * @module
 */
import {
  create,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  toBinary,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from "../core/deps/protobuf.ts";
import { ORT_VERSION } from "../core/deps/onnxruntime.ts";
import type { DType } from "../core/engine/graph/dtype.ts";
import type { OnnxAttribute } from "../core/engine/graph/op.ts";
import { encodeAttribute } from "../core/engine/onnx/attributes.ts";
import { elementNumber } from "../core/engine/onnx/element_types.ts";
import { IR_VERSION, ONNX_OPSET } from "../core/engine/onnx/opset.ts";
import schemas from "../core/engine/onnx/kernels/schemas.json" with { type: "json" };
import { Session } from "../core/engine/ort/mod.ts";

const TABLE = new URL("../core/engine/onnx/kernels/webgpu.json", import.meta.url);

/** Element types that are tried for each variable of an operator's schema. */
const TYPES: readonly DType[] = ["float32", "float16", "int32", "int64", "uint8", "bool"];

/** Attributes without which an operator is no operator, in a form that suits any input. */
const ATTRIBUTES: Readonly<Record<string, Readonly<Record<string, OnnxAttribute>>>> = {
  AveragePool: { kernel_shape: { ints: [1, 1] } },
  Concat: { axis: { int: 0 } },
  DepthToSpace: { blocksize: { int: 1 } },
  Einsum: { equation: { string: "ab,bc->ac" } },
  GroupNormalization: { num_groups: { int: 1 } },
  LpPool: { kernel_shape: { ints: [1, 1] } },
  MaxPool: { kernel_shape: { ints: [1, 1] } },
  SpaceToDepth: { blocksize: { int: 1 } },
  Split: { num_outputs: { int: 1 } },
  "com.microsoft::MultiHeadAttention": { num_heads: { int: 1 } },
  "com.microsoft::Attention": { num_heads: { int: 1 } },
};

/** Optional inputs without which an operator is none, by position; those before them are left empty. */
const NEEDED: Readonly<Record<string, number>> = { Resize: 2 };

interface Schema {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly since: number;
}

/** An operator's schema at the opset that graphs are written in; optional inputs and outputs are left out. */
function schemaOf(
  name: string,
  versions: readonly (readonly (string | number)[])[],
): Schema | undefined {
  const opset = name.includes("::") ? 1 : Number(ONNX_OPSET);
  const found = versions.filter(([since]) => Number(since) <= opset).at(-1);
  if (found === undefined) return undefined;
  const [since, ...sides] = found;
  const [inputs, outputs] = sides.map((side, i) =>
    String(side).split(" ").flatMap((word, position) => {
      const needed = i === 0 ? NEEDED[name] : undefined;
      if (word === "" || (word.endsWith("?") && position > (needed ?? -1))) return [];
      return word.endsWith("?") && position !== needed ? [""] : [word.replace(/[?*]/, "")];
    })
  );
  return { since: Number(since), inputs: inputs!, outputs: outputs! };
}

function valueInfo(name: string, dtype: DType) {
  const elemType = elementNumber(dtype);
  const value = create(TypeProto_TensorSchema, { elemType });
  const type = create(TypeProtoSchema, { value: { case: "tensorType", value } });
  return create(ValueInfoProtoSchema, { name, type });
}

/** A model of one node, whose variables have these types. */
function modelOf(name: string, schema: Schema, types: ReadonlyMap<string, DType>) {
  const [op, domain = ""] = name.split("::").reverse();
  const typeOf = (word: string) => types.get(word) ?? word as DType;
  const infos = (prefix: string, words: readonly string[]) =>
    words.map((word, i) => word === "" ? undefined : valueInfo(`${prefix}${i}`, typeOf(word)));
  const [input, output] = [infos("x", schema.inputs), infos("y", schema.outputs)];
  const to = typeOf(schema.outputs[0]!);
  const attributes = op === "Cast" ? { to: { dtype: to } } : ATTRIBUTES[name] ?? {};
  const node = create(NodeProtoSchema, {
    name: op!,
    opType: op!,
    domain,
    input: input.map((info) => info?.name ?? ""),
    output: output.map((info) => info?.name ?? ""),
    attribute: Object.entries(attributes).map(([key, value]) => encodeAttribute(key, value)),
  });
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    opsetImport: [
      create(OperatorSetIdProtoSchema, { domain: "", version: ONNX_OPSET }),
      create(OperatorSetIdProtoSchema, { domain: "com.microsoft", version: 1n }),
    ],
    graph: create(GraphProtoSchema, {
      name: "probe",
      node: [node],
      input: input.filter((info) => info !== undefined),
      output: output.filter((info) => info !== undefined),
    }),
  });
  return toBinary(ModelProtoSchema, model) as Uint8Array<ArrayBuffer>;
}

async function runs(model: Uint8Array<ArrayBuffer>): Promise<boolean> {
  try {
    using _session = await Session.create(model, {
      device: { provider: "webgpu", index: 0 },
      strict: true,
      logSeverity: "fatal",
    });
    return true;
  } catch {
    // Types that the operator does not take, and those that the provider has no kernel for.
    return false;
  }
}

/** All choices of a type for each variable; more than two variables have all the same one. */
function choicesOf(variables: readonly string[]): Map<string, DType>[] {
  if (variables.length > 2) {
    return TYPES.map((type) => new Map(variables.map((name) => [name, type])));
  }
  return variables.reduce<Map<string, DType>[]>(
    (found, name) =>
      found.flatMap((given) => TYPES.map((type) => new Map([...given, [name, type]]))),
    [new Map()],
  );
}

/** Joins choices that differ in one variable alone: first along the last variable, then along the one before. */
function merge(choices: readonly (readonly string[])[], axis: number): (readonly string[])[] {
  if (axis < 0) return [...choices];
  const joined = new Map<string, string[]>();
  for (const choice of choices) {
    const key = JSON.stringify(choice.toSpliced(axis, 1));
    joined.set(key, [...joined.get(key) ?? [], choice[axis]!]);
  }
  const merged = [...joined].map(([key, types]) =>
    (JSON.parse(key) as string[]).toSpliced(axis, 0, types.sort().join(" "))
  );
  return merge(merged, axis - 1);
}

const rows: string[] = [];
for (const [name, versions] of Object.entries(schemas.operators)) {
  const schema = schemaOf(name, versions);
  if (
    schema === undefined || schema.outputs.length === 0 || name.startsWith("com.microsoft.nchwc")
  ) continue;
  const isKnown = (word: string) => /^[A-Z]/.test(word);
  const variables = [...new Set([...schema.inputs, ...schema.outputs].filter(isKnown))];
  const found: string[][] = [];
  for (const types of choicesOf(variables)) {
    if (await runs(modelOf(name, schema, types))) found.push([...types.values()]);
  }
  if (found.length === 0) continue;
  const kernels = merge(found, variables.length - 1).map((types) => [
    schema.since,
    null,
    Object.fromEntries(variables.map((variable, i) => [variable, types[i]!])),
  ]);
  rows.push(`${JSON.stringify(name)}: ${JSON.stringify(kernels)}`);
  console.log(rows.at(-1));
}
if (rows.length === 0) {
  throw new Error("WebGPU runs no operator at all; is a driver for Vulkan there?");
}
const head = {
  onnxruntime: ORT_VERSION,
  opset: Number(ONNX_OPSET),
  source: `operators that the npm package onnxruntime-node ${ORT_VERSION} loads for WebGPU alone`,
  command: "reference/webgpu_kernels.ts",
};
const lines = Object.entries(head).map(([key, value]) =>
  `${JSON.stringify(key)}: ${JSON.stringify(value)},\n`
);
await Deno.writeTextFile(TABLE, `{\n${lines.join("")}"operators": {\n${rows.join(",\n")}\n}\n}\n`);
