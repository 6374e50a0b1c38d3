/**
 * The npm packages of the page, served from where Deno keeps them.
 *
 * @module
 */
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { GenviewError, GenviewNotFound } from "../../errors/mod.ts";
import { ifThere } from "../../files/if_there.ts";

/**
 * The files of `core/deps/` that the page imports. They are named as imports, so that Deno has their packages; nothing calls
 * these functions.
 */
export const PAGE_DEPENDENCIES: Readonly<Record<string, () => Promise<unknown>>> = {
  htm: () => import("../../deps/htm.ts"),
  preact: () => import("../../deps/preact.ts"),
  uplot: () => import("../../deps/uplot.ts"),
};

/** `npm:@scope/name@1.2.3/path` taken apart; also without a version, as packages name each other. */
const SPECIFIER = /^(npm:)?((?:@[\w.-]+\/)?[\w.-]+)(?:@([\w.+-]+))?(\/[\w./-]+)?$/;

/** Imports of modules, also in code from which spaces were taken. */
const IMPORTS = /(\bfrom\s*|\bimport\s*\(?\s*)(["'])([^"'\n]+)\2/g;

/** Most characters of a file's path within its package, which is less than systems refuse. */
const CHARACTERS = 200;

/** What a browser takes of a package. */
const SERVED = /\.(?:m?js|css)$/;

interface Package {
  readonly name: string;
  readonly version: string;
  /** Folder of its files, without symbolic links. */
  readonly folder: string;
}

/** Folder of the package that a file belongs to. */
async function packageFolder(file: string, name: string): Promise<string> {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const text = await ifThere(Deno.readTextFile(join(folder, "package.json")));
    if (text !== undefined && JSON.parse(text).name === name) return folder;
  }
  throw new GenviewError(`Cannot find the folder of the package ${name} above ${file}`);
}

/** The packages of the page by their names. */
export class PagePackages {
  readonly #packages = new Map<string, Promise<Package>>();

  #open(name: string, version: string): Promise<Package> {
    const known = this.#packages.get(name);
    if (known !== undefined) return known;
    const opened = (async () => {
      const main = await Deno.realPath(
        fileURLToPath(import.meta.resolve(`npm:${name}@${version}`)),
      );
      return { name, version, folder: await packageFolder(main, name) };
    })();
    this.#packages.set(name, opened);
    return opened;
  }

  /** The address at which a module of a package is served; undefined for specifiers that are no package's. */
  async #addressOf(specifier: string): Promise<string | undefined> {
    const [, npm, name, version, path = ""] = SPECIFIER.exec(specifier) ?? [];
    if (name === undefined) return undefined;
    const isNew = npm !== undefined && version !== undefined;
    if (!isNew && !this.#packages.has(name)) return undefined;
    const found = isNew ? await this.#open(name, version) : await this.#packages.get(name)!;
    const url = import.meta.resolve(`npm:${found.name}@${found.version}${path}`);
    const file = await Deno.realPath(fileURLToPath(url));
    const within = relative(found.folder, file).split(sep).join("/");
    return `/npm/${found.name}@${found.version}/${within}`;
  }

  /** Code in which packages are imported by the addresses that they are served at. */
  async rewrite(code: string): Promise<string> {
    const addresses = new Map<string, string>();
    for (const [, , , specifier] of code.matchAll(IMPORTS)) {
      if (/^[./]/.test(specifier!) || addresses.has(specifier!)) continue;
      const address = await this.#addressOf(specifier!);
      if (address !== undefined) addresses.set(specifier!, address);
    }
    return code.replace(IMPORTS, (whole, before, quote, specifier) => {
      const address = addresses.get(specifier);
      return address === undefined ? whole : `${before}${quote}${address}${quote}`;
    });
  }

  /**
   * A file of a package that a module of the page has named.
   *
   * @param path such as `preact@11.2.0/dist/preact.mjs`
   * @throws {GenviewNotFound} if no module has named the package, or it has no such file for a browser
   */
  async read(path: string): Promise<string> {
    const [, name, version, within] =
      /^((?:@[\w.-]+\/)?[\w.-]+)@([\w.+-]+)\/([\w./-]+)$/.exec(path) ??
        [];
    const found = name === undefined ? undefined : await this.#packages.get(name);
    const isServed = found !== undefined && found.version === version &&
      within!.length <= CHARACTERS && SERVED.test(within!) &&
      !within!.split("/").some((part) => part === "" || part.startsWith("."));
    const text = isServed
      ? await ifThere(Deno.readTextFile(join(found.folder, ...within!.split("/"))))
      : undefined;
    if (text === undefined) {
      throw new GenviewNotFound(`Cannot find ${JSON.stringify(path)} in the page's packages`);
    }
    return within!.endsWith(".css") ? text : await this.rewrite(text);
  }
}
