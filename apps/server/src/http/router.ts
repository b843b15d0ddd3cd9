import { type IncomingMessage, METHODS, type ServerResponse } from "node:http";
import fastify from "fastify";
import type { HttpAdapter } from "./http-adapter.ts";

/** What node:http calls for each request. */
export type RequestListener = (message: IncomingMessage, response: ServerResponse) => void;

const everything = "/";

/**
 * Makes Fastify's router with one route for every method and path. Fastify neither parses the path nor reads the body:
 * the wires need both as they were sent, for signatures.
 */
export async function createRouter(adapter: HttpAdapter): Promise<RequestListener> {
  const app = fastify({ logger: false, exposeHeadRoutes: false, rewriteUrl: () => everything });
  for (const method of METHODS) {
    // Without a body in Fastify's eyes, whatever there is in ours.
    app.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  }
  app.route({
    method: METHODS,
    url: everything,
    handler: (request, reply) => {
      reply.hijack();
      request.raw.url = request.originalUrl;
      adapter.serve(request.raw, reply.raw, false);
    },
  });
  await app.ready();
  return (message, response) => app.routing(message, response);
}
