/**
 * What the processor is, which figures depend on: matrix products and convolutions are as wide as its vectors.
 *
 * @module
 */

/** Vector extensions that kernels are written for, narrowest first. */
const EXTENSIONS = ["avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_tile"];

/** A line on the processor: its model, and the vector extensions that it has. */
export function describeProcessor(cpuinfo: string, cores: number): string {
  const field = (name: string) => cpuinfo.match(new RegExp(`^${name}\\s*: (.*)$`, "m"))?.[1] ?? "";
  const flags = new Set(field("flags").split(" "));
  const found = EXTENSIONS.filter((extension) => flags.has(extension));
  return `${field("model name") || "unknown processor"}, ${cores} cores, ` +
    (found.join(", ") || "no vector extensions that are known");
}

/** The system's description of its processors; Deno itself reads none of /proc without all permissions. */
async function cpuinfo(): Promise<string> {
  if (Deno.build.os !== "linux") return "";
  const { stdout } = await new Deno.Command("cat", { args: ["/proc/cpuinfo"] }).output();
  return new TextDecoder().decode(stdout);
}

/** Prints what the processor is. */
export async function printProcessor(): Promise<void> {
  console.log(describeProcessor(await cpuinfo(), navigator.hardwareConcurrency));
}
