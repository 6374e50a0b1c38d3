/**
 * Who may call the studio, and how: only this machine's own page or programs that hold the token.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "../../deps/hono.ts";
import { bearerOf, cookieHeader, isSameToken, tokenOf } from "./access_token.ts";
import type { ErrorAnswer } from "./error_answer.ts";
import { SECURITY_HEADERS } from "./security_headers.ts";

/** What a guard knows. */
export interface GuardOptions {
  /** Port that the server listens on. */
  readonly port: number;
  /** The token. */
  readonly token: string;
}

/** Most characters of an address. */
const ADDRESS_CHARACTERS = 8192;

const READING: readonly string[] = ["GET", "HEAD"];
const CHANGING: readonly string[] = ["POST", "DELETE"];

function refuse(context: Context, { status, error }: ErrorAnswer): Response {
  return context.json({ error }, status);
}

/** Whether a request names this server, rather than a name of another's that leads to this machine. */
function isOwnHost(request: Request, { port }: GuardOptions): boolean {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const named = request.headers.get("host");
  return hosts.includes(hostOf(new URL(request.url))) && (named === null || hosts.includes(named));
}

/** Host and port of an address, which leaves out a port that its scheme has by itself. */
function hostOf({ host, port }: URL): string {
  return port === "" ? `${host}:80` : host;
}

/** Why a request that changes something is not taken; undefined if it is. */
function changeProblem(request: Request, { port }: GuardOptions): ErrorAnswer | undefined {
  const origin = request.headers.get("origin");
  const own = [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
  const isOwn = origin === null
    ? bearerOf(request.headers) !== undefined
    : own.includes(origin) && origin === new URL(request.url).origin;
  if (!isOwn) {
    return {
      status: 403,
      error:
        "Cannot take a call that changes something from another origin; programs send Authorization: Bearer TOKEN and no Origin",
    };
  }
  const type = request.headers.get("content-type") ?? "";
  if (request.method === "POST" && !/^application\/json(?:;\s*charset=utf-8)?$/i.test(type)) {
    return { status: 415, error: "Cannot take a body that is not Content-Type: application/json" };
  }
  return undefined;
}

/** Why a request is not let in; undefined if it is. */
function problemOf(request: Request, options: GuardOptions): ErrorAnswer | undefined {
  const { method, headers } = request;
  if (request.url.length > ADDRESS_CHARACTERS) {
    return {
      status: 414,
      error: `Cannot take an address of more than ${ADDRESS_CHARACTERS} characters`,
    };
  }
  if (!READING.includes(method) && !CHANGING.includes(method)) {
    return { status: 400, error: "Cannot take other methods than GET, HEAD, POST and DELETE" };
  }
  const token = tokenOf(headers, options.port);
  if (token === undefined || !isSameToken(token, options.token)) {
    return {
      status: 403,
      error:
        "Cannot let this caller in: open the address that the studio's terminal shows, or send Authorization: Bearer TOKEN",
    };
  }
  // Pages of other ports of this machine count as the same site, and their requests carry the cookie.
  const site = headers.get("sec-fetch-site");
  if (site !== null && !["same-origin", "none"].includes(site)) {
    return { status: 403, error: "Cannot answer pages of other origins" };
  }
  return CHANGING.includes(method) ? changeProblem(request, options) : undefined;
}

/** The address without its token, for the first request, which brings a right one; undefined for others. */
function firstAddress(request: Request, options: GuardOptions): string | undefined {
  const url = new URL(request.url);
  const given = url.searchParams.get("token");
  if (request.method !== "GET" || url.pathname !== "/" || given === null) return undefined;
  if (!isSameToken(given, options.token)) return undefined;
  url.searchParams.delete("token");
  return `${url.pathname}${url.search}`;
}

/**
 * Lets in whoever holds the token, by this machine's own name; the first address exchanges it for a cookie. All answers get
 * the security headers.
 */
export function guard(options: GuardOptions): MiddlewareHandler {
  return async (context, next) => {
    const { req: { raw } } = context;
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) context.header(name, value);
    if (!isOwnHost(raw, options)) {
      return refuse(context, {
        status: 403,
        error: `Cannot answer by another name than 127.0.0.1:${options.port}`,
      });
    }
    const address = firstAddress(raw, options);
    if (address !== undefined) {
      context.header("Set-Cookie", cookieHeader(options.port, options.token));
      return context.redirect(address, 303);
    }
    const problem = problemOf(raw, options);
    if (problem !== undefined) return refuse(context, problem);
    await next();
    // Answers that a call has made whole have none of those that were set before.
    const { headers } = context.res;
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      if (!headers.has(name)) headers.set(name, value);
    }
    return undefined;
  };
}
