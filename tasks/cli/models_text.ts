/**
 * Published checkpoints, and what is in one, for people.
 *
 * @module
 */
import { counted } from "../../core/schema/counted.ts";
import type { InspectedCheckpoint } from "../../core/encoders/inspect_checkpoint.ts";
import type { ListedModel } from "../../core/weights/zoo/local_models.ts";

/** A published checkpoint in a line, and where it lies if it is on this machine. */
export function describeListed({ name, model, file }: ListedModel): string {
  const { method, backbone, epochs, batchSize, linearTop1, recipe, publisher } = model;
  const top1 = linearTop1.toFixed(1).padStart(5);
  const facts = `${method}, ${backbone}, ${
    counted(epochs, "epoch")
  }, batch ${batchSize}, by ${publisher}`;
  return `${name.padEnd(34)} ${top1} %  ${facts}; ` +
    `probe ${recipe ?? "not stated"}${file === undefined ? "" : `\n  ${file}`}`;
}

/** Names by what they begin with, so that a thousand of them are a few lines. */
function grouped(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) {
    const parts = name.split(".");
    const group = parts.length <= 2
      ? name
      : `${parts.slice(0, parts[0] === "module" ? 3 : 2).join(".")}.*`;
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return [...counts].map(([group, count]) => group.endsWith("*") ? `${group} (${count})` : group);
}

/**
 * What a checkpoint holds, in lines.
 *
 * @param name what it is called
 * @param all whether every tensor is listed
 */
export function describeCheckpoint(name: string, found: InspectedCheckpoint, all: boolean): string {
  const { layout, backbone, width, size, prefix, scheme, used, missing, heads, ignored } = found;
  const lines = [
    `${name}: ${layout}`,
    `  backbone: ${backbone}, ${width} features, images of ${size} pixels`,
    `  names: ${scheme}${prefix === "" ? "" : `, behind "${prefix}"`}`,
  ];
  const listed = (what: string, names: readonly string[]) => {
    lines.push(`  ${what}: ${names.length} tensors`);
    for (const line of all ? names : grouped(names)) lines.push(`    ${line}`);
  };
  lines.push(`  used: ${used.length} tensors`);
  if (all) lines.push(...used.map((tensor) => `    ${tensor}`));
  if (missing.length > 0) listed("missing", missing);
  if (heads.size > 0) {
    lines.push(`  heads: ${heads.size} tensors`);
    const named = [...heads].map(([from, to]) => `${from} is ${to}`);
    lines.push(...(all ? named : grouped([...heads.keys()])).map((line) => `    ${line}`));
  }
  if (ignored.length > 0) listed("ignored", ignored);
  for (const [tensor, reason] of found.unreadable) {
    lines.push(`  cannot be read: ${tensor}: ${reason}`);
  }
  return lines.join("\n");
}
