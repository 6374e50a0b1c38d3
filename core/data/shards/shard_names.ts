/**
 * Names of shards: files that hold many images, one behind the other.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { expand } from "../../deps/brace_expansion.ts";
import { GenviewNotFound, GenviewTypeError } from "../../errors/mod.ts";
import { explainingFileErrors, fileError } from "../../files/file_error.ts";
import { ifThere } from "../../files/if_there.ts";
import { isImageName } from "../image_folder.ts";
import { globPattern } from "../tar/parts.ts";

/** What shards are. */
export type ShardKind = "tar" | "parquet";

/** Shards of one data set. */
export interface ShardFiles {
  /** What all of them are. */
  readonly kind: ShardKind;
  /** Where they lie, in the order of their samples. */
  readonly paths: readonly string[];
}

const SHARD_NAME = /\.(tar|tar\.gz|tgz|parquet)$/i;

/** Names of the parts that a data set is divided into, before what numbers its shards. */
const SPLIT = /^(train|training|val|valid|validation|test|testing)(?![a-z])/i;

/** Shards that a message names. */
const SHOWN = 3;

/** Whether a name is that of a shard, or a pattern of such names: it ends in `.tar` or `.parquet`. */
export function isShardName(name: string): boolean {
  return SHARD_NAME.test(name) ||
    (name.endsWith("}") && expand(name).every((each) => SHARD_NAME.test(each)));
}

function kindOf(path: string): ShardKind {
  return path.toLowerCase().endsWith(".parquet") ? "parquet" : "tar";
}

/** Names in a folder that are not hidden, in the order of their code units. */
async function visibleNames(folder: string): Promise<Deno.DirEntry[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.filter(({ name }) => !name.startsWith("."))
      .sort((a, b) => a.name < b.name ? -1 : 1);
  } catch (cause) {
    throw fileError(`look for shards in ${folder}`, cause);
  }
}

/** The files that a name without braces stands for. */
async function filesOf(name: string): Promise<string[]> {
  const [folder, last] = [dirname(name), basename(name)];
  if (!/[*?]/.test(last)) {
    const found = await explainingFileErrors(`read ${name}`, ifThere(Deno.stat(name)));
    if (found?.isFile) return [name];
    throw new GenviewNotFound(
      `Cannot read the shard ${name}: there must be such a file, found ${
        found === undefined ? "none" : "something else"
      }`,
    );
  }
  const pattern = globPattern(last);
  const fitting = (await visibleNames(folder)).filter(({ name }) => pattern.test(name));
  if (fitting.length > 0) return fitting.map(({ name }) => join(folder, name));
  throw new GenviewNotFound(`Cannot read the shards ${name}: there must be such files, found none`);
}

/** The files that names stand for; the first that is not there is refused. */
async function namedShards(names: readonly string[]): Promise<string[]> {
  const paths: string[] = [];
  for (const name of names) paths.push(...await filesOf(name));
  return paths;
}

/** Shards in a folder; none if it holds images or folders, which then are what it is named for. */
async function shardsIn(folder: string): Promise<string[]> {
  const entries = await visibleNames(folder);
  const names = entries.map(({ name }) => name).filter(isShardName);
  if (names.length === 0) return [];
  if (entries.some(({ name, isDirectory }) => isDirectory || isImageName(name))) return [];
  const splits = new Map(names.map((name) => [SPLIT.exec(name)?.[0].toLowerCase(), name]));
  if (splits.size > 1) {
    const [one] = splits.values().toArray().slice(-1);
    throw new GenviewTypeError(
      `Cannot open the shards in "${folder}": all must be of one part of a data set, found ${
        [...splits.values()].slice(0, SHOWN).join(", ")
      }; name one part, such as ${join(folder, `${SPLIT.exec(one!)?.[0] ?? one![0]}*`)}${
        kindOf(one!) === "tar" ? ".tar" : ".parquet"
      }`,
    );
  }
  return names.map((name) => join(folder, name));
}

/**
 * Finds the shards that a name stands for: one file; several by braces, as a shell expands them, or by `*` and `?` in the
 * last part of the path; or all of a folder that holds neither images nor folders.
 *
 * @returns undefined if the name is not one of shards
 * @throws {Deno.errors.NotFound} if one of them is not there
 * @throws {TypeError} if they are of two kinds, or the folder's are of several parts of a data set
 */
export async function findShards(name: string): Promise<ShardFiles | undefined> {
  const place = await explainingFileErrors(`open "${name}"`, ifThere(Deno.stat(name)));
  const paths = place?.isDirectory
    ? await shardsIn(name)
    : isShardName(name)
    ? await namedShards(place?.isFile ? [name] : expand(name))
    : [];
  if (paths.length === 0) return undefined;
  const other = paths.find((path) => kindOf(path) !== kindOf(paths[0]!));
  if (other === undefined) return { kind: kindOf(paths[0]!), paths };
  throw new GenviewTypeError(
    `Cannot open the shards "${name}": all must be tars or all Parquet, found ${
      paths[0]
    } and ${other}`,
  );
}
