/**
 * The page's own files: TypeScript as it is, with its types taken out.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";
import { GenviewNotFound } from "../../errors/mod.ts";
import { ifThere } from "../../files/if_there.ts";
import { PAGE_DEPENDENCIES, PagePackages } from "./page_packages.ts";
import { PAGE_POLICY } from "./security_headers.ts";

/** A file as a browser gets it. */
export interface PageFile {
  readonly type: string;
  readonly text: string;
  /** Content security policy, where it is another than that of all answers. */
  readonly policy?: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ts: "text/javascript; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  svg: "image/svg+xml",
};

/** Files of the page and of what it imports, by their addresses: `../api/runs.ts` of a page's module is `/api/runs.ts`. */
const OWN = /^\/(page(?:\/[a-z0-9_]+)*\/[a-z0-9_]+\.(?:ts|css|svg)|api\/[a-z_]+\.ts)$/;
const DEPENDENCY = /^\/deps\/([a-z_]+)\.ts$/;
const PACKAGE = /^\/npm\/(.+)$/;

/** Most characters of an address of the page's own files: no system has much longer names. */
const CHARACTERS = 200;

const STUDIO = new URL("../", import.meta.url);
const DEPENDENCIES = new URL("../../deps/", import.meta.url);

/** Inline scripts that say where modules lie, which the policy must know by their digests. */
const IMPORT_MAP = /<script type="importmap"[^>]*>([\s\S]*?)<\/script>/g;

function policyFor(html: string): string {
  const digests = [...html.matchAll(IMPORT_MAP)].map(([, text]) =>
    ` 'sha256-${createHash("sha256").update(text!).digest("base64")}'`
  );
  return PAGE_POLICY.replace("script-src 'self'", `script-src 'self'${digests.join("")}`);
}

/**
 * A text beside this module; undefined if there is none. Where the library is imported by URL, Deno brings it as it brings
 * modules: by the permission to import, and from its cache once it was there.
 */
async function readOwn(url: URL): Promise<string | undefined> {
  if (url.protocol === "file:") return await ifThere(Deno.readTextFile(fileURLToPath(url)));
  try {
    const { default: text } = await import(url.href, { with: { type: "text" } });
    return text;
  } catch (cause) {
    throw new GenviewNotFound(`Cannot import ${url}: ${(cause as Error).message}`, { cause });
  }
}

/** When a file was changed; undefined for what is fetched. */
async function changedAt(url: URL): Promise<number | undefined> {
  if (url.protocol !== "file:") return undefined;
  return (await ifThere(Deno.stat(url)))?.mtime?.getTime();
}

/** Files that the browser loads, read once for each change. */
export class PageFiles {
  readonly #packages = new PagePackages();
  readonly #known = new Map<
    string,
    { readonly changed: number | undefined; readonly file: PageFile }
  >();
  #registered: Promise<void> | undefined;

  /** Whether an address is that of a file of the page. */
  isKnown(path: string): boolean {
    return path === "/" || [OWN, DEPENDENCY, PACKAGE].some((pattern) => pattern.test(path));
  }

  /**
   * A file by its address.
   *
   * @throws {GenviewNotFound} if there is none
   */
  async read(path: string): Promise<PageFile> {
    const named = PACKAGE.exec(path)?.[1];
    const url = this.#urlOf(path);
    const changed = url && await changedAt(url);
    const known = this.#known.get(path);
    if (known !== undefined && known.changed === changed) return known.file;
    const file = named === undefined
      ? await this.#readOwn(path, url)
      : await this.#readPackage(named);
    this.#known.set(path, { changed, file });
    return file;
  }

  #urlOf(path: string): URL | undefined {
    if (path === "/") return new URL("page/index.html", STUDIO);
    const dependency = DEPENDENCY.exec(path)?.[1];
    if (dependency !== undefined) {
      return Object.hasOwn(PAGE_DEPENDENCIES, dependency)
        ? new URL(`${dependency}.ts`, DEPENDENCIES)
        : undefined;
    }
    return path.length <= CHARACTERS && OWN.test(path) ? new URL(path.slice(1), STUDIO) : undefined;
  }

  async #readOwn(path: string, url: URL | undefined): Promise<PageFile> {
    const text = url && await readOwn(url);
    if (url === undefined || text === undefined) {
      throw new GenviewNotFound(`Cannot find ${JSON.stringify(path)}: the page has no such file`);
    }
    const ending = url.pathname.split(".").at(-1)!;
    const type = TYPES[ending]!;
    if (ending === "html") return { type, text, policy: policyFor(text) };
    if (ending !== "ts") return { type, text };
    await this.#register();
    return { type, text: await this.#packages.rewrite(stripTypeScriptTypes(text)) };
  }

  async #readPackage(named: string): Promise<PageFile> {
    await this.#register();
    const text = await this.#packages.read(named);
    return { type: TYPES[named.split(".").at(-1)!]!, text };
  }

  /** Makes the packages known that the page's dependencies name. */
  #register(): Promise<void> {
    return this.#registered ??= (async () => {
      for (const name of Object.keys(PAGE_DEPENDENCIES)) {
        const text = await readOwn(new URL(`${name}.ts`, DEPENDENCIES));
        if (text !== undefined) await this.#packages.rewrite(text);
      }
    })();
  }
}
