/**
 * The calls that show runs.
 *
 * @module
 */
import { Hono } from "../../deps/hono.ts";
import { detailsOf } from "../runs/run_details.ts";
import type { RunTable } from "../runs/run_table.ts";
import type { StudioContext } from "../studio_context.ts";
import { answerFile } from "./file_answer.ts";
import { numberOf, textOf } from "./query.ts";

/** Points of a curve, where a call does not say how many, and the most. */
const POINTS = 1000;
const MOST_POINTS = 100_000;

const STEPS = [0, Number.MAX_SAFE_INTEGER] as const;

/** `GET` of `/api/runs`, `/api/run`, `/api/series` and `/api/file`. */
export function runRoutes(context: StudioContext, table: RunTable): Hono {
  const app = new Hono();
  app.get("/api/runs", async (c) => c.json(await table.list()));
  app.get("/api/run", async (c) => {
    const run = await table.find(textOf(c, "run"));
    return c.json(await detailsOf(run, await table.logs(run), context.known.methods));
  });
  app.get("/api/series", async (c) => {
    const run = await table.find(textOf(c, "run"));
    const names = c.req.query("names");
    const query = {
      ...(names && { names: names.split(",") }),
      from: numberOf(c, "from", STEPS),
      to: numberOf(c, "to", STEPS),
      points: numberOf(c, "points", [1, MOST_POINTS]) ?? POINTS,
    };
    const logs = await table.logs(run);
    return c.json(logs.series(run.row.run, { ...query, points: Math.floor(query.points) }));
  });
  app.get("/api/file", async (c) => {
    const run = textOf(c, "run");
    const path = textOf(c, "path");
    await table.find(run);
    return await answerFile(await context.resolve(run === "." ? path : `${run}/${path}`));
  });
  return app;
}
