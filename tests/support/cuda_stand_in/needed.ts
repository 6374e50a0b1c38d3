/**
 * Where the stand-in for CUDA lies, and why tests on it are left out where there is none.
 *
 * @module
 */
import { hasProvider } from "../../../support/cuda_stand_in/build.ts";

/** Folder into which `support/cuda_stand_in/build.ts` has built it. */
export const FOLDER: string = Deno.env.get("GENVIEW_CUDA_STAND_IN") ?? "";

/** Why the stand-in cannot be built; undefined if it can. */
async function obstacle(): Promise<string | undefined> {
  if (FOLDER === "") return "GENVIEW_CUDA_STAND_IN names no folder for the stand-in";
  for (const tool of ["gcc", "nm"]) {
    try {
      await new Deno.Command(tool, { args: ["--version"] }).output();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return `no ${tool} was found`;
    }
  }
  if (await hasProvider(FOLDER)) return undefined;
  const { state } = await Deno.permissions.query({ name: "net", host: "pypi.org" });
  return state === "granted" ? undefined : `no provider lies in ${FOLDER}, none may be fetched`;
}

const why = await obstacle();

/** Whether tests on it are left out, and why, as the end of a test's name. */
export const NEEDED: { readonly ignore: boolean; readonly why: string } = {
  ignore: why !== undefined,
  why: why === undefined ? "" : ` (left out: ${why})`,
};
