import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { WireAnswer, WireHandler } from "@coffer/service";
import { wireRequest } from "./wire-request.ts";

/** PEM certificate of `localhost`, which signed itself. */
export const loopbackCertificate = readFileSync(new URL("fixtures/localhost-cert.pem", import.meta.url), "utf8");
const privateKey = readFileSync(new URL("fixtures/localhost-key.pem", import.meta.url), "utf8");

/** The certificate with its key: for a server, or for a client that is asked who it is. */
export const loopbackIdentity = { cert: loopbackCertificate, key: privateKey };

/** An HTTPS server on loopback whose answers a test chooses; `undefined` for an answer that never comes. */
export class LoopbackProxy {
  /** What answers; may be changed at any time. */
  handler: (...request: Parameters<WireHandler>) => Promise<WireAnswer | undefined>;
  /** The client certificates that were shown, by common name. */
  readonly clients: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, handler: LoopbackProxy["handler"]) {
    this.#server = server;
    this.handler = handler;
  }

  /**
   * @param host an address of loopback; 127.0.0.1 when absent, which the certificate names
   * @param asksForCertificate whether clients are asked for one, which is not verified
   */
  static async start(
    handler: LoopbackProxy["handler"],
    { host = "127.0.0.1", asksForCertificate = false } = {},
  ): Promise<LoopbackProxy> {
    const options = { ...loopbackIdentity, requestCert: asksForCertificate };
    const server = createServer({ ...options, rejectUnauthorized: false });
    const proxy = new LoopbackProxy(server, handler);
    server.on("secureConnection", (socket) => {
      const subject = asksForCertificate ? socket.getPeerCertificate().subject : undefined;
      if (subject !== undefined) proxy.clients.push(String(subject.CN));
    });
    server.on("connection", (socket: Socket) => {
      proxy.#sockets.add(socket);
      socket.once("close", () => proxy.#sockets.delete(socket));
    });
    server.on("request", async (message, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk as Buffer);
      const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, value ?? ""]));
      const path = message.url ?? "";
      const request = wireRequest({ method: message.method ?? "", path, headers, body: Buffer.concat(chunks) });
      const answer = await proxy.handler(request);
      if (answer === undefined) return;
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
    await new Promise<void>((listening) => server.listen(0, host, listening));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `https://localhost:PORT` */
  get endpoint(): string {
    return `https://localhost:${this.port}`;
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((closed) => this.#server.close(closed));
  }
}
