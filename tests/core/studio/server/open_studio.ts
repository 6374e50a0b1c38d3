import { createStudio, type Studio, type StudioOptions } from "../../../../core/studio/mod.ts";
import { GenviewError } from "../../../../core/errors/mod.ts";
import { bundledMethods } from "../../../../plugins/mod.ts";

/** Port that the tests' studios are asked at; nothing listens there. */
export const PORT = 7777;

/** Where the tests' studios are asked. */
export const ORIGIN: string = `http://127.0.0.1:${PORT}`;

/** What a studio knows of tasks that starts none. */
export const STARTS_NOTHING: Pick<StudioOptions, "programs" | "forms" | "known"> = {
  programs: ({ task }) => {
    throw new GenviewError(`Cannot start ${task} here`);
  },
  forms: (task) => Promise.reject(new GenviewError(`Cannot show a form of ${task} here`)),
  known: { methods: bundledMethods, configurations: {} },
};

/** A studio of a folder, which starts nothing. */
export async function openStudio(
  root: string,
  options: Partial<StudioOptions> = {},
): Promise<Studio> {
  return await createStudio({
    root,
    port: PORT,
    ...STARTS_NOTHING,
    onError: (error) => {
      throw error;
    },
    ...options,
  });
}

/** Asks a studio as a program that holds its token. */
export async function ask(
  studio: Studio,
  path: string,
  { headers, ...init }: RequestInit = {},
): Promise<Response> {
  const own = new Headers(headers);
  if (!own.has("authorization")) own.set("authorization", `Bearer ${studio.token}`);
  return await studio.fetch(new Request(`${ORIGIN}${path}`, { ...init, headers: own }));
}
