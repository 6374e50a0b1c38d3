/**
 * Requests that are nearly what the studio takes.
 *
 * @module
 */
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";
import { CALLS } from "../../../../core/studio/mod.ts";
import { ORIGIN, PORT } from "./open_studio.ts";

/** Values that parameters are given. */
const VALUES = [
  "run",
  "generator",
  "pipeline",
  "variations",
  "out",
  "run/pairs/epoch-1.png",
  "pairs/epoch-1.png",
  "steps.jsonl",
  "configuration.json",
  "loss",
  "0",
  "1",
  "10",
  "train",
  "simsiam",
  "step-000000005",
];

/** What breaks out of places that are not guarded. */
const HOSTILE = [
  "../",
  "..",
  "%2e%2e%2f",
  "%00",
  "\\",
  "/",
  "//",
  "/etc/passwd",
  "file:///etc/passwd",
  "link",
  "<script>alert(1)</script>",
  "'\"`;|&$()",
  "__proto__",
  "constructor",
  "-1",
  "1e999",
  "NaN",
  "%",
  "%zz",
  "%c0%af",
  "\u202e",
  "é",
  "😀",
  "a".repeat(300),
  "a/".repeat(200),
  "a".repeat(5000),
];

/** Bodies of calls that change something. */
const BODIES = [
  '{"action":"tag","tags":["good"]}',
  '{"action":"trash","confirm":"other"}',
  '{"action":"stop"}',
  '{"action":"fork","checkpoint":"step-000000005","output":"fork"}',
  '{"action":"export","output":"out/backbone.onnx"}',
  '{"task":"train","options":{"data":"photos","output":"runs/new"}}',
  '{"task":"train","options":{"method":"run","options":{"width":1},"resume":"latest","output":"run"}}',
  '{"task":"export","positional":["run","file"],"options":{}}',
  '{"task":"variations","options":{"inputList":"run","model":"generator","outputPrefix":"link/x"}}',
  '{"task":"generator","positional":["show","run"],"options":{"imageEncoder":"run"}}',
  '{"task":"pipeline","options":{"data":"run","output":"out","ranges":[0,0.5],"levels":[0,1]}}',
  '{"action":"resume"}',
  '{"action":"lengthen","epochs":30}',
  '{"action":"evaluate","checkpoint":"step-000000005"}',
  "{}",
  "[]",
  "null",
  "",
];

const ADDRESSES = [
  ...CALLS.map(({ method, path, query }) => ({ method, path, names: Object.keys(query) })),
  { method: "GET", path: "/", names: ["token"] },
  { method: "GET", path: "/page/main.ts", names: [] },
  { method: "GET", path: "/deps/preact.ts", names: [] },
  { method: "GET", path: "/npm/preact@11.2.0/dist/preact.mjs", names: [] },
] as const;

/** Calls that compute or start something, whose answers take long by their nature; events do not end. */
const LONG = ["/api/events"];

function pick<T>(random: RandomStream, list: readonly T[]): T {
  return list[random.integer(list.length)]!;
}

/** A text in which a stretch is changed, taken out, doubled or replaced by what breaks out. */
function mutate(random: RandomStream, text: string): string {
  const [a, b] = [random.integer(text.length + 1), random.integer(text.length + 1)].sort((x, y) =>
    x - y
  );
  const [before, within, after] = [text.slice(0, a), text.slice(a, b), text.slice(b)];
  switch (random.integer(5)) {
    case 0:
      return before + after;
    case 1:
      return before + within + within + after;
    case 2:
      return before + pick(random, HOSTILE) + after;
    case 3:
      return before + String.fromCharCode(random.integer(0x250)) + after;
    default:
      return text + pick(random, HOSTILE);
  }
}

/** The parameters of a query, some of which are mutated, missing or doubled. */
function query(random: RandomStream, names: readonly string[], token: string): string {
  const parts = names.flatMap((name) => {
    const value = name === "token" ? token : pick(random, random.chance(0.7) ? VALUES : HOSTILE);
    const shown = random.chance(0.3) ? mutate(random, value) : value;
    const pair = `${name}=${random.chance(0.8) ? encodeURIComponent(shown.toWellFormed()) : shown}`;
    return random.chance(0.1) ? [] : random.chance(0.05) ? [pair, pair] : [pair];
  });
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

/** Headers of a request that is let in, of which one may be wrong. */
function headers(random: RandomStream, token: string): Headers {
  const given: [string, string][] = [["host", `127.0.0.1:${PORT}`]];
  if (random.chance(0.5)) {
    given.push(["authorization", `Bearer ${token}`]);
  } else {
    given.push(["cookie", `genview-studio-${PORT}=${token}`], ["origin", ORIGIN]);
  }
  given.push(["content-type", "application/json"]);
  if (random.chance(0.2)) {
    const at = random.integer(given.length);
    given[at] = [given[at]![0], mutate(random, given[at]![1])];
  }
  const found = new Headers();
  for (const [name, value] of given) {
    try {
      found.set(name, value);
    } catch (error) {
      // No client can send what is no header.
      if (!(error instanceof TypeError)) throw error;
    }
  }
  return found;
}

/**
 * The request of a number; undefined where what came out is no request that a client could send.
 *
 * @param index the same request for the same number
 */
export function mutatedRequest(index: number, token: string): Request | undefined {
  const random = new RandomStream(0, "requests", index);
  const { method, path, names } = pick(
    random,
    ADDRESSES.filter(({ path }) => !LONG.includes(path)),
  );
  const whole = `${path}${query(random, names, token)}`;
  const address = random.chance(0.3) ? mutate(random, whole) : whole;
  const isBody = method === "POST" || random.chance(0.02);
  const body = isBody ? pick(random, BODIES) : undefined;
  try {
    return new Request(`${ORIGIN}${address}`, {
      method: random.chance(0.05) ? pick(random, ["GET", "POST", "DELETE", "PUT", "HEAD"]) : method,
      headers: headers(random, token),
      ...(body !== undefined && { body: random.chance(0.4) ? mutate(random, body) : body }),
    });
  } catch (error) {
    // A GET with a body, or an address that is none.
    if (!(error instanceof TypeError)) throw error;
    return undefined;
  }
}
