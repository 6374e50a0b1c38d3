/**
 * Mistakes that people make on command lines: each is answered by one line that says what cannot be done.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { tasks } from "../../cli.ts";
import { errorText } from "../../tasks/cli/error_text.ts";
import { inFolder } from "../in_folder.ts";
import { drawPictures } from "./square_pictures.ts";

/** A command line, in which `@NAME` is a file or folder of the test, and a part of what it is answered. */
type Mistake = readonly [command: string, answer: string];

/** Options with which a training would begin at once. */
const TRAIN = "train --preset cifar --stem imagenet --batch-size 4 --epochs 1 --data @photos";

/** Options that find the images of a list. */
const VARY = "variations --input-list @list.txt --input-prefix @photos";

const MISTAKES: readonly Mistake[] = [
  ["train --data @nowhere", "found nothing of this name"],
  ["train --data @loop", "symbolic links lead in a circle"],
  ["train --data @empty", "found none"],
  [`${TRAIN} --output @file`, "the name is taken"],
  [`${TRAIN} --output @file/below`, "a part of its path is a file"],
  [`${TRAIN} --output @loop/below`, "symbolic links lead in a circle"],
  [`${TRAIN} --config @nowhere`, "there is no such file"],
  [`${TRAIN} --config @empty`, "it is a folder"],
  [`${TRAIN} --config @deep.json`, "must be an object"],
  [`${TRAIN} --config @three.json`, "must be an object"],
  [`${TRAIN} --config @broken.json`, "it must be JSON"],
  [`${TRAIN} --method @deep.json`, "at most 256 levels"],
  [`${TRAIN} --method @three.json`, "must be object, found 3"],
  [`${TRAIN} --method @nowhere.json`, "there is no manifest"],
  [`${TRAIN} --method simsima`, 'the nearest is "simsiam"'],
  [`${TRAIN} --resume @nowhere --output @out`, "there is no such folder"],
  [`${TRAIN} --resume latest --output @out`, "start a run there instead"],
  [`${TRAIN} --variations @nowhere --output @out`, "found nothing of this name"],
  [`${TRAIN} --device tpu --output @out`, "auto, cpu, cuda, cuda:N or webgpu"],
  [`${TRAIN} --device cpu --provider-option use_tf32=0 --output @out`, "the CPU takes none"],
  [`${TRAIN} --provider-option use_tf32 --output @out`, "must be NAME=VALUE"],
  [
    `${TRAIN} --device cpu --cuda-graphs --output @out`,
    "for whole batches of one process on CUDA, found cpu",
  ],
  ["train --epochs -1", "--epochs must be >= 1, found -1"],
  ["train --threads 100000", "--threads must be <= "],
  ["evaluate", "RUN"],
  ["evaluate @file", "a part of its path is a file"],
  ["evaluate @loop", "symbolic links lead in a circle"],
  ["evaluate @empty", "it has no state.json"],
  ["export @empty @out.txt", "it must end in .onnx or .safetensors"],
  ["export @nowhere @out.onnx", "there is no such folder"],
  ["weights pull nothing", "the nearest is"],
  ["weights list --config @deep.json", "Cannot read"],
  ["weights list --config @three.json", "Cannot read"],
  ["extract-features --input-list @photos --model @file", "Cannot read"],
  ["extract-features --input-list @photos --model @loop", "symbolic links lead in a circle"],
  ["extract-features --input-list @photos --model @empty", "it has no state.json"],
  ["fg-ratio --input-list @photos --input-dir @file --output-dir @out", "Cannot"],
  ["fg-ratio --input-list @photos --output-dir @out", "--input-dir"],
  ["noise-levels --input-file @empty --output-dir @out", "it is a folder"],
  ["noise-levels --input-file @loop --output-dir @out", "symbolic links lead in a circle"],
  ["noise-levels --input-file @fg_ratios.txt --output-dir @file", "Cannot"],
  [`${VARY} --model @nowhere --output-prefix @out`, "nowhere"],
  [`${VARY} --model @file --output-prefix @out`, "layout"],
  ["variations --input-list @list.txt --output-prefix @out", "--input-prefix names the folder"],
  ["variations --model @unclip --input-list @photos --output-prefix @out", "Cannot"],
  ["variations --auto --input-list @list.txt --output-prefix @out", "Cannot"],
  ["variations-list --input-dir @nowhere", "there is no such file or folder"],
  ["variations-list --input-dir @file", "a part of its path is a file"],
  ["variations-import --output-dir @out @nowhere.tar", "found no such file"],
  ["variations-import --output-dir @out @file", "must end in a block of zeros"],
  ["variations-grid --output @out.png @nowhere", "Cannot"],
  ["variations-grid --input-prefix @photos", "--output must be given"],
  ["plugins validate @broken.json", "Cannot load plugin"],
  ["plugins new simsiam --output @photos", "it is there already"],
  ["doctor stray", "it takes no arguments beside options"],
];

/** What a mistake is answered; undefined where the task took it. */
async function answerTo(command: string, folder: string): Promise<string | undefined> {
  const [name, ...args] = command.split(" ")
    .map((word) => word.startsWith("@") ? join(folder, word.slice(1)) : word);
  const { main } = await tasks[name!]!();
  try {
    await main(args);
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}

Deno.test("mistakes on a command line are answered by one line, and nothing is written", () =>
  inFolder(async (folder) => {
    const path = (name: string) => join(folder, name);
    await drawPictures(path("photos"));
    await Deno.mkdir(path("empty"));
    await Deno.symlink("loop", path("loop"));
    const depth = 200_000;
    const files = {
      "file": "",
      "deep.json": "[".repeat(depth) + "]".repeat(depth),
      "three.json": "3",
      "broken.json": "{",
      "list.txt": "cats/0.png 0\n",
      "fg_ratios.txt": "cats/0.png 0.5\n",
    };
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(path(name), text);
    const before = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    for (const [command, answer] of MISTAKES) {
      const text = await answerTo(command, folder);
      assert(text !== undefined, `taken: ${command}`);
      assertEquals(text.split("\n").length, 1, `${command}\n${text}`);
      assert(text.startsWith("error: Cannot"), `${command}\n${text}`);
      assert(text.includes(answer), `${command}\n${text}`);
      assert(text.length < 600, `${command}\n${text}`);
    }
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), before);
  }));
