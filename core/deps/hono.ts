/**
 * Routes of an HTTP server by the web's own requests and responses.
 *
 * @module
 */
export { type Context, Hono, type MiddlewareHandler } from "npm:hono@4.13.19";
export { bodyLimit } from "npm:hono@4.13.19/body-limit";
export { streamSSE } from "npm:hono@4.13.19/streaming";
