/**
 * `deno task cuda`: the CUDA execution provider of ONNX Runtime.
 *
 * @module
 */
import { installCuda, type InstalledCuda, PYPI } from "../core/cuda/mod.ts";
import { adviseOnLibraries, type CudaProvider, cudaProvider } from "../core/engine/ort/mod.ts";
import { GenviewTypeError } from "../core/errors/mod.ts";
import { command, parse, runTask } from "./cli/command_line.ts";
import { DownloadDisplay } from "./cli/download_display.ts";
import { interruptSignal } from "./cli/interrupt_signal.ts";
import { asStarted } from "./cli/program_name.ts";

const COMMAND = command({
  name: "cuda",
  summary:
    "Installs the CUDA execution provider that belongs to the ONNX Runtime in use, out of the official wheel " +
    "onnxruntime-gpu of the same version, or says whether it is there and which of CUDA's own libraries are missing. " +
    "The wheel's SHA-256 is checked; a download that broke off is resumed. PyPI's wheel of 1.30.0 is built for CUDA 13; " +
    "for CUDA 12 name an index that has such a build of the same version.",
  positional: "install|status",
  examples: [
    {
      command: "deno task cuda install",
      does: "downloads some 200 MB and puts the provider beside the library in use",
    },
    { command: "deno task cuda status", does: "what is there, and what is missing" },
    {
      command: "deno task cuda install --output-dir /opt/onnxruntime",
      does: "provider and main library into a folder of their own, for GENVIEW_ORT_LIBRARY",
    },
    {
      command: "deno task cuda install --index https://mirror.example.org/simple",
      does: "from a mirror",
    },
  ],
  options: {
    type: "object",
    properties: {
      index: {
        type: "string",
        default: PYPI,
        description: "address of a simple index of Python packages",
      },
      outputDir: {
        type: "string",
        default: "",
        description: "folder for provider and main library; empty: beside the library in use",
      },
      overwrite: {
        type: "boolean",
        default: false,
        description: "replace a provider that is there",
      },
    },
  },
});

/** What was installed, for people. */
function formatInstalled({ providers, library, wheel, sha256 }: InstalledCuda): string {
  return [
    ...providers,
    `from ${wheel}, whose SHA-256 is that of the index, ${sha256}`,
    ...(library === undefined ? [] : [`to use it, set GENVIEW_ORT_LIBRARY=${library}`]),
    'see what else CUDA needs by "deno task cuda status"',
  ].join("\n");
}

/** What is known of the provider, for people. */
function formatStatus({ path, installed, cuda, missing }: CudaProvider): string {
  if (!installed) return `the CUDA provider is not there: ${path}\nrun "deno task cuda install"`;
  const lines = [`${path}${cuda === undefined ? "" : `, built for CUDA ${cuda}`}`];
  if (missing.length > 0) {
    lines.push(`missing: ${missing.join(", ")}`, adviseOnLibraries(missing, cuda ?? "13"));
  } else {
    // Only Linux's libraries have a table that is read.
    const found = cuda === undefined ? "what it needs is not known" : "nothing is missing";
    lines.push(`${found}; "deno task doctor" tries the devices`);
  }
  return lines.join("\n");
}

/** Runs the task on a command line. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const { positional: [action, ...others], values } = parsed;
  if (others.length > 0 || (action !== "install" && action !== "status")) {
    const found = [action, ...others].join(" ");
    throw new GenviewTypeError(
      `Cannot run "deno task cuda": it must be install or status, found "${found}"`,
    );
  }
  if (action === "status") {
    const provider = cudaProvider();
    console.log(asStarted(formatStatus(provider)));
    if (!provider.installed || provider.missing.length > 0) Deno.exitCode = 1;
    return;
  }
  using interrupt = interruptSignal();
  using display = new DownloadDisplay({
    write: (text) => Deno.stderr.writeSync(new TextEncoder().encode(text)),
    terminal: Deno.stderr.isTerminal(),
    now: () => performance.now(),
  });
  const { outputDir } = values;
  const installed = await installCuda(
    { ...values, outputDir: outputDir === "" ? undefined : outputDir },
    {
      signal: interrupt.signal,
      onProgress: (name, received, size) => display.update(name, received, size),
    },
  );
  console.log(asStarted(formatInstalled(installed)));
}

if (import.meta.main) await runTask(main);
