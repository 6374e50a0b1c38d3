/**
 * The folders below a root that may be runs, found without following links.
 *
 * @module
 */
import { join } from "node:path";

/** A folder that looks like a run. */
export interface CandidateFolder {
  /** Path below the root, with `/`; `.` for the root itself. */
  readonly path: string;
  /** Names of all that is in it, links and pipes too. */
  readonly names: ReadonlySet<string>;
  /** Names of its files. */
  readonly files: ReadonlySet<string>;
  /** Names of its folders. */
  readonly folders: ReadonlySet<string>;
}

/** What a walk found. */
export interface FoundFolders {
  readonly candidates: readonly CandidateFolder[];
  /** Folders that could not be gone through, with the reason. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

/** How deep below the root runs are looked for, in how many folders, and among how many entries of a folder. */
const DEPTH = 8;
const FOLDERS = 20_000;
const ENTRIES = 5_000;

/** Milliseconds of walking after which others have a turn. */
const TURN = 20;

/** Folders that hold no runs. */
const PASSED_OVER: ReadonlySet<string> = new Set(["node_modules", "checkpoints", "tensorboard"]);

/** By which files a folder is a candidate. */
const MARKS: readonly string[] = ["configuration.json", "pipeline.json"];

/** What an evaluation trains lies below the folder of its run. */
const EVALUATION = /(^|\/)evaluations\/[^/]+$/;

interface Listing extends Omit<CandidateFolder, "path"> {
  readonly changed: number;
}

function list(folder: string): Omit<Listing, "changed"> {
  const [names, files, folders] = [new Set<string>(), new Set<string>(), new Set<string>()];
  let count = 0;
  for (const entry of Deno.readDirSync(folder)) {
    // A folder of more is one of data.
    if (++count > ENTRIES) break;
    names.add(entry.name);
    if (entry.isFile) files.add(entry.name);
    else if (entry.isDirectory) folders.add(entry.name);
  }
  return { names, files, folders };
}

/** Goes through the folders below a root again and again; what has not changed is not listed anew. */
export class FolderWalk {
  readonly #root: string;
  readonly #known = new Map<string, Listing>();

  /** @param root absolute, without symbolic links */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * A folder as it is now, by its path below the root.
   *
   * @throws {Deno.errors.NotFound} if it is there no more
   */
  look(path: string): CandidateFolder {
    const { changed: _changed, ...listing } = this.#list(path);
    return { path, ...listing };
  }

  #list(path: string): Listing {
    const folder = join(this.#root, path);
    const changed = Deno.lstatSync(folder).mtime?.getTime() ?? NaN;
    const known = this.#known.get(path);
    // A change within the second in which a folder was listed may not show in its time.
    if (known?.changed === changed && Date.now() - changed > 2000) return known;
    const listing = { ...list(folder), changed };
    this.#known.set(path, listing);
    return listing;
  }

  /** The folders that look like runs, parents before what is in them. */
  async find(): Promise<FoundFolders> {
    const candidates: CandidateFolder[] = [];
    const unreadable: { path: string; reason: string }[] = [];
    const pending: { readonly path: string; readonly depth: number }[] = [{ path: ".", depth: 0 }];
    let turn = performance.now();
    for (let i = 0; i < pending.length && i < FOLDERS; i++) {
      const { path, depth } = pending[i]!;
      if (performance.now() - turn > TURN) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        turn = performance.now();
      }
      let listing: Listing;
      try {
        listing = this.#list(path);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) continue;
        unreadable.push({ path, reason: (error as Error).message });
        continue;
      }
      const { changed: _changed, ...listed } = listing;
      const { files, folders } = listed;
      const isMarked = MARKS.some((mark) => files.has(mark)) ||
        (folders.has("checkpoints") && EVALUATION.test(path));
      if (isMarked) candidates.push({ path, ...listed });
      if (depth === DEPTH) continue;
      for (const name of [...folders].sort()) {
        if (name.startsWith(".") || PASSED_OVER.has(name)) continue;
        pending.push({ path: path === "." ? name : `${path}/${name}`, depth: depth + 1 });
      }
    }
    return { candidates, unreadable };
  }
}
