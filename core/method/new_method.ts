/**
 * A method of one's own to begin with: files that work as they are.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { GenviewAlreadyExists, GenviewTypeError } from "../errors/mod.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { writeNewFileInFolder } from "../files/new_file.ts";
import { nearestName } from "../schema/nearest_name.ts";
import { textAt } from "./module_text.ts";

/** Root of this library, wherever it is. */
const SDK = new URL("../../", import.meta.url);

const TEMPLATE = new URL("support/method_template/", SDK);

/** Name that the template has. */
const TEMPLATE_NAME = "my-method";

/** What a new method is made from. */
export interface NewMethodOptions {
  /** Folder of the method, which is made. */
  readonly folder: string;
  /** Name of a bundled method that is copied; a small contrastive one when left out. */
  readonly from?: string;
  /** Addresses of manifests by the names of bundled methods. */
  readonly bundled?: Readonly<Record<string, URL>>;
}

/** Where a new method comes from. */
interface Origin {
  readonly folder: URL;
  readonly name: string;
  readonly files: readonly string[];
}

function originOf({ from, bundled = {} }: NewMethodOptions): Origin {
  if (from === undefined) {
    const files = ["manifest.json", "mod.ts", "README.md", "mod_test.ts"];
    return { folder: TEMPLATE, name: TEMPLATE_NAME, files };
  }
  const manifest = Object.hasOwn(bundled, from) ? bundled[from] : undefined;
  if (manifest === undefined) {
    const names = Object.keys(bundled);
    throw new GenviewTypeError(
      `Cannot copy method "${from}": it must be the name of a bundled method, the nearest is ` +
        `"${nearestName(from, names)}" (known are ${names.join(", ")})`,
    );
  }
  return {
    folder: new URL("./", manifest),
    name: from,
    files: ["manifest.json", "mod.ts", "README.md"],
  };
}

/** A file whose relative addresses of this library are absolute. */
function relocated(text: string, file: URL): string {
  return text.replaceAll(
    /(\bfrom |"\$schema": )"(\.\.\/[^"]+)"/g,
    (_, before: string, path: string) => `${before}"${new URL(path, file).href}"`,
  );
}

/**
 * Writes a method that works as it is into a new folder: `manifest.json`, `mod.ts`, `README.md`, and, of the small one, a
 * test. Types come from one address, that of this library's `core/method/mod.ts`.
 *
 * ```ts
 * import { assert } from "@std/assert";
 * import { createMethod } from "./new_method.ts";
 *
 * const parent = await Deno.makeTempDir();
 * const [manifest] = await createMethod("sparse-views", { folder: `${parent}/sparse-views` });
 * assert((await Deno.readTextFile(manifest!)).includes('"name": "sparse-views"'));
 * await Deno.remove(parent, { recursive: true });
 * ```
 *
 * @param name of the method: small letters, digits and dashes
 * @returns paths of the files, the manifest's first
 * @throws {TypeError} if it may not be called so, or there is no such method to copy
 * @throws {Deno.errors.AlreadyExists} if the folder is there already
 * @throws {GenviewError} if the system refuses, such as on a full disk
 */
export async function createMethod(name: string, options: NewMethodOptions): Promise<string[]> {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    throw new GenviewTypeError(
      `Cannot write method "${name}": its name must be small letters, digits and dashes, and begin with a letter; ` +
        "a folder of another name is given by --output",
    );
  }
  const origin = originOf(options);
  const folder = resolve(options.folder);
  if (existsSync(folder)) {
    throw new GenviewAlreadyExists(
      `Cannot write method "${name}" to ${folder}: it is there already; choose another name or folder`,
    );
  }
  const texts = await Promise.all(origin.files.map(async (file) => {
    const address = new URL(file, origin.folder);
    const text = await textAt(address);
    if (text === undefined) throw new Error(`Internal: there is no ${address.href}`);
    return [file, relocated(text, address)] as const;
  }));
  const paths: string[] = [];
  for (const [file, text] of texts) {
    const path = join(folder, file);
    const own = text.replace(`"name": "${origin.name}"`, `"name": "${name}"`).replaceAll(
      TEMPLATE_NAME,
      name,
    );
    await explainingFileErrors(`write ${path}`, writeNewFileInFolder(path, own));
    paths.push(path);
  }
  return paths;
}
