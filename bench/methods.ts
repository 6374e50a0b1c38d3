/**
 * `deno task bench methods`: every method on emoji at one budget, ours beside lightly's on the same batches.
 *
 * A cell is a method, a seed and a side. What a cell came to is kept in a file, so that a run that was stopped goes on:
 * finished cells are not repeated, ours goes on from its last checkpoint, and lightly's starts its cell anew.
 *
 * @module
 */
import { join } from "node:path";
import { ifThere } from "../core/files/if_there.ts";
import { writeNewFile } from "../core/files/new_file.ts";
import { type Command, parse, runTask } from "../tasks/cli/command_line.ts";
import { chosenNames } from "./chosen_names.ts";
import { METHOD_SPECIMENS } from "./method_specimens.ts";
import { type Budget, type Cell, runCell, type Side } from "./methods_cell.ts";
import {
  type CellResult,
  describeDifferences,
  methodsChart,
  methodsTable,
} from "./methods_table.ts";
import { printProcessor } from "./processor.ts";

const METHODS = Object.keys(METHOD_SPECIMENS);
const SIDES: readonly Side[] = ["ours", "lightly"];

const COMMAND: Command = {
  name: "bench methods",
  summary:
    "Pretrains every method on emoji of one font and evaluates it on another, beside lightly's on the same batches.",
  examples: [{
    command: "deno task bench methods --python python3",
    does:
      "all of it, which takes most of a day on two cores; stop it and start it again as you like",
  }, {
    command: "deno task bench methods --python python3 --methods simsiam,byol --seeds 1 --epochs 2",
    does: "a trial",
  }],
  options: {
    type: "object",
    properties: {
      python: { type: "string", default: "python3", description: "interpreter with lightly" },
      methods: {
        type: "string",
        default: "all",
        description: "methods by name, between commas, or all",
      },
      seeds: { type: "integer", minimum: 1, default: 3, description: "seeds of each method" },
      epochs: { type: "integer", minimum: 1, default: 40, description: "epochs of each cell" },
      "image-size": {
        type: "integer",
        minimum: 32,
        default: 64,
        description: "pixels of the larger views",
      },
      threads: { type: "integer", minimum: 1, default: 2, description: "threads of each side" },
      output: {
        type: "string",
        default: "runs/methods",
        description: "folder of runs, results, table and picture",
      },
    },
  },
};

interface Options extends Omit<Budget, "folder" | "imageSize"> {
  readonly methods: string;
  readonly seeds: number;
  readonly "image-size": number;
  readonly output: string;
}

/** What cells came to before; nothing where none has ended. */
async function readResults(path: string): Promise<CellResult[]> {
  const text = await ifThere(Deno.readTextFile(path));
  return text === undefined ? [] : JSON.parse(text);
}

const nameOf = ({ method, seed, side }: Cell) => `${method}, seed ${seed}, ${side}`;

/** Runs the cells that are not done; the results of all that are. */
async function runCells(
  cells: readonly Cell[],
  budget: Budget,
  path: string,
): Promise<readonly CellResult[]> {
  const { epochs, imageSize } = budget;
  const done = await readResults(path);
  const known = new Set(done.map(nameOf));
  for (const [i, cell] of cells.entries()) {
    if (known.has(nameOf(cell))) continue;
    const began = performance.now();
    const scores = await runCell(cell, budget);
    const minutes = (performance.now() - began) / 60_000;
    const result = { ...cell, epochs, imageSize, ...scores, minutes };
    done.push(result);
    await writeNewFile(path, `${JSON.stringify(done, null, 2)}\n`, { overwrite: true });
    console.error(
      `${i + 1} of ${cells.length}: ${nameOf(cell)}: kNN ${(100 * scores.knnTop1).toFixed(2)} %, ` +
        `${minutes.toFixed(1)} minutes`,
    );
  }
  return done;
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, console.log);
  if (parsed === undefined) return;
  const { methods, seeds, output, "image-size": imageSize, ...rest } = parsed
    .values as unknown as Options;
  const names = methods === "all" ? METHODS : chosenNames("compare", "--methods", methods, METHODS);
  // Runs of another budget are others.
  const folder = join(output, `${imageSize}px-${rest.epochs}epochs`);
  await Deno.mkdir(folder, { recursive: true });
  const cells = Array.from({ length: seeds }, (_, seed) => seed).flatMap((seed) =>
    names.flatMap((method) => SIDES.map((side) => ({ method, seed, side })))
  );
  const budget = { ...rest, imageSize, folder };
  const all = await runCells(cells, budget, join(folder, "results.json"));
  const wanted = new Set(cells.map(nameOf));
  const results = all.filter((result) => wanted.has(nameOf(result)));
  await printProcessor();
  const table = methodsTable(results, names);
  const overwrite = { overwrite: true };
  await writeNewFile(join(folder, "table.md"), `${table}\n`, overwrite);
  await writeNewFile(join(folder, "methods.png"), await methodsChart(results, names), overwrite);
  console.log(`${table}\n\n${describeDifferences(results)}`);
  console.error(`written: ${join(folder, "table.md")}, ${join(folder, "methods.png")}`);
}

if (import.meta.main) await runTask(main);
