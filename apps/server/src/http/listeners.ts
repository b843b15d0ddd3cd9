import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { formatListenAddress, type ListenAddress } from "../config/listen-address.ts";
import { OperatorError } from "../operator-error.ts";
import { connectionState, isBusy, trackConnection } from "./connection.ts";
import { ConnectionFaults } from "./connection-faults.ts";
import { HttpAdapter, type HttpAdapterOptions } from "./http-adapter.ts";
import type { HttpLimits } from "./limits.ts";
import { ListConnection } from "./list-method.ts";
import { createRouter, type RequestListener } from "./router.ts";

export interface ListenersOptions extends HttpAdapterOptions {
  readonly listen: readonly ListenAddress[];
  /** PEM files; without them the listeners speak plain HTTP. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** Whether TLS asks clients for certificates; they need not have one, and whatever it is, it is not checked here. */
  readonly requestClientCertificates?: boolean;
  /** Takes connections that ask for another protocol, such as WebSocket; without it they are served as plain HTTP. */
  readonly onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** Listeners that accept requests. */
export interface Listeners {
  /** The URL of each, in the order asked for, with the actual port. */
  readonly urls: readonly string[];
  /**
   * Stops accepting, closes connections that wait, lets requests under way finish for at most `graceMs`, then cuts them.
   *
   * @returns how many connections had to be cut
   */
  drain(graceMs: number): Promise<number>;
}

/**
 * Starts one listener an address, all with one handler.
 *
 * @throws OperatorError when an address or a TLS file cannot be used; no listener is left open then
 */
export async function startListeners(options: ListenersOptions): Promise<Listeners> {
  const adapter = new HttpAdapter(options);
  const router = await createRouter(adapter);
  const tls = options.tls === undefined ? undefined : readTls(options.tls, options.requestClientCertificates === true);
  const listeners: Listener[] = [];
  try {
    for (const address of options.listen) {
      const listener = new Listener(adapter, router, tls, options.onUpgrade);
      listeners.push(listener);
      await listener.listen(address);
    }
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.drain(0)));
    throw error;
  }
  return {
    urls: listeners.map((listener) => listener.url),
    drain: async (graceMs) => {
      adapter.draining = true;
      const cut = await Promise.all(listeners.map((listener) => listener.drain(graceMs)));
      return cut.reduce((sum, count) => sum + count, 0);
    },
  };
}

interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly requestCert: boolean;
}

/** One listening socket and its connections. */
class Listener {
  url = "";
  readonly #server: Server;
  readonly #scheme: "http" | "https";
  readonly #connections = new Set<Socket>();

  constructor(
    adapter: HttpAdapter,
    router: RequestListener,
    tls: TlsFiles | undefined,
    onUpgrade: ListenersOptions["onUpgrade"],
  ) {
    this.#scheme = tls === undefined ? "http" : "https";
    const options = serverOptions(adapter.limits);
    this.#server = tls === undefined ? createServer(options, router) : createSecureServer(options, tls, router);
    this.#server.timeout = adapter.limits.idleTimeoutMs;
    // A client may end its side once it has sent its request; it gets its answer all the same.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    this.#attach(adapter, tls === undefined ? "connection" : "secureConnection");
    if (onUpgrade !== undefined) this.#server.on("upgrade", onUpgrade);
  }

  #attach(adapter: HttpAdapter, connectionEvent: "connection" | "secureConnection"): void {
    const server = this.#server;
    const { maxConnections } = adapter.limits;
    const faults = new ConnectionFaults(adapter, (connection) => server.emit(connectionEvent, connection));
    server.on(connectionEvent, (socket: Socket) => {
      trackConnection(socket);
      if (socket instanceof ListConnection) return;
      const isTooMany = this.#connections.size >= maxConnections;
      this.#connections.add(socket);
      socket.once("close", () => this.#connections.delete(socket));
      const state = connectionState(socket);
      if (isTooMany && state !== undefined) faults.refuseConnection(socket, state);
    });
    // Those that are being refused, or are still in a TLS handshake, are limited too: beyond this Node just closes.
    server.maxConnections = maxConnections + spareConnections(maxConnections);
    server.on("clientError", (error: Error, socket) => faults.handle(error, socket as Socket));
    server.on("connect", (message, socket) => faults.refuseConnect(message, socket as Socket));
    server.on("checkContinue", (message, response) => adapter.serve(message, response, true));
    server.on("checkExpectation", (message, response) => adapter.refuseExpectation(message, response));
  }

  async listen(address: ListenAddress): Promise<void> {
    const server = this.#server;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen({ host: address.host, port: address.port }, resolve);
    try {
      await promise;
    } catch (error) {
      throw listenError(error as NodeJS.ErrnoException, address);
    }
    server.off("error", reject);
    const bound = server.address() as AddressInfo;
    this.url = `${this.#scheme}://${formatListenAddress({ host: bound.address, port: bound.port })}`;
  }

  async drain(graceMs: number): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    for (const socket of this.#connections) if (!isBusy(socket)) socket.destroy();
    let cut = 0;
    const timer = setTimeout(() => {
      cut = this.#connections.size;
      for (const socket of this.#connections) socket.destroy();
      this.#server.closeAllConnections();
    }, graceMs);
    await promise;
    clearTimeout(timer);
    return cut;
  }
}

const mostSpareConnections = 64;

function spareConnections(maxConnections: number): number {
  return Math.min(mostSpareConnections, maxConnections);
}

function createSecureServer(options: ServerOptions, tls: TlsFiles, router: RequestListener): Server {
  try {
    return createTlsServer(
      {
        ...options,
        ...tls,
        rejectUnauthorized: false,
        allowHalfOpen: true,
        minVersion: "TLSv1.2",
        ALPNProtocols: ["http/1.1"],
      },
      router,
    );
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new OperatorError(`tls.certFile and tls.keyFile cannot be used together: ${code}.`);
  }
}

function readTls(files: { readonly certFile: string; readonly keyFile: string }, requestCert: boolean): TlsFiles {
  const cert = readTlsFile("tls.certFile", files.certFile);
  return { cert, key: readTlsFile("tls.keyFile", files.keyFile), requestCert };
}

function readTlsFile(setting: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new OperatorError(`${setting}: cannot read ${file}: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

const longestCheckMs = 1000;
const shortestCheckMs = 10;
const checksPerTimeout = 4;

function serverOptions(limits: HttpLimits): ServerOptions {
  const shortestTimeoutMs = Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs);
  const checkMs = Math.round(shortestTimeoutMs / checksPerTimeout);
  return {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(longestCheckMs, Math.max(shortestCheckMs, checkMs)),
    noDelay: true,
    keepAlive: true,
    // The adapter checks the Host header itself, so that the refusal has a body.
    requireHostHeader: false,
    optimizeEmptyRequests: true,
  };
}

/** What the system says when it cannot listen, and what to do. */
const listenProblems: ReadonlyMap<string, string> = new Map([
  ["EADDRINUSE", "another process listens there. Stop it, or choose another port with --listen HOST:PORT"],
  ["EACCES", "this user may not use that port. Choose one from 1024 on"],
  ["EADDRNOTAVAIL", "this machine has no such address"],
  ["ENOTFOUND", "the host name is unknown"],
]);

function listenError(error: NodeJS.ErrnoException, address: ListenAddress): OperatorError {
  const code = error.code ?? "unknown error";
  return new OperatorError(
    `cannot listen on ${formatListenAddress(address)}: ${listenProblems.get(code) ?? code}.`,
    1,
    { cause: error },
  );
}
