/**
 * The text form of a graph, for errors, reviews and tests.
 *
 * @module
 */
import { nodesLeadingTo, resolve } from "./node.ts";
import { decodeNumbers } from "./numbers.ts";
import { formatType } from "./tensor.ts";
import type { Value } from "./value.ts";

function formatAttributes(attributes: object): string {
  const entries = Object.entries(attributes).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return "";
  return ` {${entries.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ")}}`;
}

/**
 * Prints the nodes that lead to some values, one a line: `v2:float32[4] = Mul(x, v1)`.
 *
 * @param options.expanded whether composites are opened (default false)
 */
export function printGraph(
  values: readonly Value[],
  options: { readonly expanded?: boolean } = {},
): string {
  const names = new Map<Value, string>();
  const name = (value: Value): string => {
    const { source } = value;
    if (source.kind === "input") return source.name;
    if (source.kind === "constant") {
      const { data } = source.tensor;
      if (data.length > 1) return `constant:${formatType(value.type)}`;
      return String(decodeNumbers(source.tensor)[0]);
    }
    if (!names.has(value)) names.set(value, `v${names.size}`);
    return names.get(value)!;
  };
  return nodesLeadingTo(values, options.expanded ?? false).map((node) => {
    const inputs = Object.values(node.inputs).map((value) =>
      name(options.expanded ? resolve(value!) : value!)
    ).join(", ");
    const outputs = Object.values(node.outputs).map((value) =>
      `${name(value)}:${formatType(value.type)}`
    );
    return `${outputs.join(", ")} = ${node.op.type}(${inputs})${formatAttributes(node.attributes)}`;
  }).join("\n");
}
