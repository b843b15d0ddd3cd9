import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { createConnection, type Socket } from "node:net";
import { AuditDeviceError, type AuditDeviceSink, type Clock } from "@coffer/service";
import { LineQueue } from "./line-queue.ts";

const defaultTimeoutMs = 2000;
const maxTimeoutMs = 60_000;

/**
 * A socket that lines are sent to (Vault API: audit device `socket`): `socket_type` `tcp`, `udp` or `unix`. A line that
 * does not get out in `write_timeout` has failed; the next one tries a new connection.
 *
 * @throws AuditDeviceError
 */
export function openSocketDevice(
  clock: Pick<Clock, "schedule">,
  options: Readonly<Record<string, string>>,
): AuditDeviceSink {
  const address = options["address"] ?? "";
  if (address === "") throw new AuditDeviceError("address is required");
  const within = withinTime(clock, parseTimeoutMs(options["write_timeout"]));
  const type = options["socket_type"] ?? "tcp";
  if (type === "udp") return udpDevice(parseHostPort(address), within);
  if (type !== "tcp" && type !== "unix") throw new AuditDeviceError(`unknown socket_type ${JSON.stringify(type)}`);
  return streamDevice(type === "unix" ? { path: address } : parseHostPort(address), within);
}

function streamDevice(to: { path: string } | { host: string; port: number }, within: Within): AuditDeviceSink {
  let socket: Socket | undefined;
  const drop = () => {
    socket?.destroy();
    socket = undefined;
  };
  const queue = new LineQueue(async (text) => {
    try {
      await within(async () => {
        socket ??= await connect(to);
        await send(socket, text);
      });
    } catch (error) {
      drop();
      throw failure(error);
    }
  });
  return {
    write: (line) => queue.write(line),
    reopen: drop,
    async close() {
      await queue.drain();
      drop();
    },
  };
}

function connect(to: { path: string } | { host: string; port: number }): Promise<Socket> {
  return new Promise((done, failed) => {
    const socket = createConnection(to);
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.removeListener("error", failed);
      // What breaks later shows in the next write.
      socket.on("error", () => {});
      socket.unref();
      done(socket);
    });
  });
}

function send(socket: Socket, text: string): Promise<void> {
  if (socket.destroyed || socket.writableEnded) throw new Error("the connection was closed");
  return new Promise((done, failed) => {
    socket.write(text, (error) => (error ? failed(error) : done()));
  });
}

function udpDevice({ host, port }: { host: string; port: number }, within: Within): AuditDeviceSink {
  let socket: DatagramSocket | undefined;
  const queue = new LineQueue(async (text) => {
    socket ??= createSocket(host.includes(":") ? "udp6" : "udp4").unref();
    const to = socket;
    try {
      for (const line of text.split(/(?<=\n)/)) {
        await within(
          () =>
            new Promise<void>((done, failed) => to.send(line, port, host, (error) => (error ? failed(error) : done()))),
        );
      }
    } catch (error) {
      throw failure(error);
    }
  });
  return {
    write: (line) => queue.write(line),
    reopen: () => {},
    async close() {
      await queue.drain();
      socket?.close();
      socket = undefined;
    },
  };
}

type Within = (work: () => Promise<void>) => Promise<void>;

/** Fails when the work is not done in time; what it does later is not waited for. */
function withinTime(clock: Pick<Clock, "schedule">, timeoutMs: number): Within {
  return async (work) => {
    const { promise, reject } = Promise.withResolvers<never>();
    const cancel = clock.schedule(timeoutMs, () => reject(new Error("timeout")));
    try {
      await Promise.race([work(), promise]);
    } finally {
      cancel();
    }
  };
}

function parseHostPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  const port = Number(address.slice(colon + 1));
  if (colon <= 0 || host === "" || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new AuditDeviceError(`address ${JSON.stringify(address)} is not HOST:PORT`);
  }
  return { host, port };
}

function parseTimeoutMs(text: string | undefined): number {
  if (text === undefined || text === "") return defaultTimeoutMs;
  const found = /^(\d{1,6})(ms|s)?$/.exec(text);
  const timeoutMs = found === null ? Number.NaN : Number(found[1]) * (found[2] === "ms" ? 1 : 1000);
  if (!(timeoutMs > 0 && timeoutMs <= maxTimeoutMs)) {
    throw new AuditDeviceError(`write_timeout ${JSON.stringify(text)} is not a duration of at most 60s`);
  }
  return timeoutMs;
}

function failure(error: unknown): AuditDeviceError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new AuditDeviceError(`the audit socket cannot be written: ${code ?? message}`);
}
