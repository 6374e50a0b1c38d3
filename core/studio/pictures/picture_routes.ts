/**
 * The calls that show what a run sees and what its network makes of it.
 *
 * @module
 */
import { type Context, Hono } from "../../deps/hono.ts";
import { UnreadableImageError } from "../../data/decode/unreadable_image_error.ts";
import { GenviewNotFound, GenviewRangeError } from "../../errors/mod.ts";
import { numberOf, textOf } from "../server/query.ts";
import { mapOf } from "./feature_map.ts";
import { masksOf } from "./masks.ts";
import { neighboursOf } from "./neighbours.ts";
import { pairsOf } from "./pairs.ts";
import { pictureContext, type PictureSurroundings } from "./picture_context.ts";
import { variationsOf } from "./variations.ts";
import { viewsOf } from "./views.ts";

/** How many are shown of something where a call does not say, the fewest and the most. */
const COUNTS = {
  views: [8, 1, 64],
  pairs: [12, 1, 64],
  neighbours: [8, 1, 64],
  // Fewer have no neighbourhoods to lay out.
  map: [500, 4, 2000],
  masks: [24, 1, 200],
  variations: [24, 1, 200],
} as const;

/** Seconds that a browser keeps a picture. */
const KEPT_SECONDS = 3600;

/** A whole number of a query. */
function wholeOf(context: Context, name: string, range: readonly [number, number]) {
  const value = numberOf(context, name, range);
  if (value === undefined || Number.isInteger(value)) return value;
  throw new GenviewRangeError(`Cannot answer: "${name}" must be a whole number, found ${value}`);
}

/** How many are asked for. */
function countOf(context: Context, call: keyof typeof COUNTS): number {
  const [usual, fewest, most] = COUNTS[call];
  return wholeOf(context, "count", [fewest, most]) ?? usual;
}

/** The epoch that is asked for, if one is. */
function epochOf(context: Context): number | undefined {
  return wholeOf(context, "epoch", [0, Number.MAX_SAFE_INTEGER]);
}

/**
 * `GET` of `/api/views`, `/api/pairs`, `/api/neighbours`, `/api/map`, `/api/masks`, `/api/variations` and `/api/picture`.
 * Errors are thrown for the server to answer.
 */
export function pictureRoutes(context: PictureSurroundings): Hono {
  const shared = pictureContext(context);
  const app = new Hono();
  const answer = async <T extends object>(
    c: Context,
    ask: (signal: AbortSignal) => Promise<T>,
  ): Promise<Response> => {
    const { signal } = c.req.raw;
    try {
      return c.json(await ask(signal));
    } catch (error) {
      // Whoever asked has gone, or the server ends: nobody reads it, and nothing is wrong.
      if (signal.aborted || context.signal.aborted) return c.body(null, 204);
      throw error;
    }
  };
  app.get("/api/views", async (c) => {
    const query = { run: textOf(c, "run"), count: countOf(c, "views"), epoch: epochOf(c) };
    return await answer(c, (signal) => viewsOf(shared, query, signal));
  });
  app.get("/api/pairs", async (c) => {
    const query = { run: textOf(c, "run"), count: countOf(c, "pairs"), epoch: epochOf(c) };
    return await answer(c, (signal) => pairsOf(shared, query, signal));
  });
  app.get("/api/neighbours", async (c) => {
    const checkpoint = c.req.query("checkpoint") || undefined;
    const query = { run: textOf(c, "run"), count: countOf(c, "neighbours"), checkpoint };
    return await answer(c, (signal) => neighboursOf(shared, query, signal));
  });
  app.get("/api/map", async (c) => {
    const query = { run: textOf(c, "run"), count: countOf(c, "map") };
    return await answer(c, (signal) => mapOf(shared, query, signal));
  });
  app.get("/api/masks", async (c) => {
    const query = { output: textOf(c, "output"), count: countOf(c, "masks") };
    return await answer(c, (signal) => masksOf(shared, query, signal));
  });
  app.get("/api/variations", async (c) => {
    const query = { output: textOf(c, "output"), count: countOf(c, "variations") };
    return await answer(c, (signal) => variationsOf(shared, query, signal));
  });
  app.get("/api/picture", async (c) => {
    const make = shared.pictures.find(textOf(c, "id"));
    if (make === undefined) {
      throw new GenviewNotFound(
        "Cannot show a picture: its id must be one that an answer has named, found none; ask for the answer again",
      );
    }
    const png = await pictureOf(make);
    c.header("Cache-Control", `private, max-age=${KEPT_SECONDS}`);
    return c.body(png, 200, { "Content-Type": "image/png" });
  });
  return app;
}

/** A picture; one whose image is damaged, gone or too large is not there. */
async function pictureOf(
  make: () => Promise<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof UnreadableImageError)) throw error;
    throw new GenviewNotFound(error.message, { cause: error });
  }
}
