import { once } from "node:events";
import { join } from "node:path";
import { WebSocket } from "ws";
import { RelayDevice } from "./relay-device.ts";
import { scaled } from "./scale.ts";
import { ServerProcess } from "./server-process.ts";
import { printTable, showProgress } from "./table.ts";

const connectionCounts = [1, 32, 256] as const;
const groupSize = 50;

interface Figures {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Messages through `coffer relay`, each on the disk before it is answered, beside an echo over bare `ws`; a mailbox that
 * filled up while its device was away; and a group.
 *
 * @throws Error when a message is lost, comes twice or out of order
 */
export async function measureRelay(directory: string): Promise<void> {
  const data = join(directory, "relay");
  const relay = await ServerProcess.start("coffer", [
    "relay",
    "--local-key",
    "--listen=127.0.0.1:0",
    `--data-dir=${data}`,
  ]);
  const echo = await ServerProcess.start("node", [join(import.meta.dirname, "web-socket-echo.ts")]);
  try {
    const devices: RelayDevice[] = [];
    for (let number = 0; number < Math.max(...connectionCounts); number++) {
      devices.push(await RelayDevice.register(relay.port, `user${number}`, number));
    }
    await compareWithEcho(relay, echo, devices);
    await measureQueue(relay, devices[0]!, devices[1]!);
    await measureGroup(relay, devices.slice(0, groupSize));
  } finally {
    await echo.stop();
    await relay.stop();
  }
}

async function compareWithEcho(relay: ServerProcess, echo: ServerProcess, devices: readonly RelayDevice[]) {
  const rows: (string | number)[][] = [];
  for (const count of connectionCounts) {
    showProgress(`relay: ${count} connections`);
    const messages = scaled(20_000, count * 4);
    const echoed = await measureEcho(echo, count, messages);
    const carried = await measureMessages(relay, devices, count, messages);
    const ratio = (carried.cpuMicroseconds / echoed.cpuMicroseconds).toFixed(1);
    rows.push([`echo, ${count}`, ...columns(echoed), "1"], [`relay, ${count}`, ...columns(carried), ratio]);
  }
  const heads = ["senders", "messages/s", "CPU us a message", "p50 ms", "p99 ms", "CPU, times the echo's"];
  printTable(
    "Messages of 320 bytes over WebSockets, from one device to another: sent, on the disk, received",
    heads,
    rows,
  );
}

function columns({ perSecond, cpuMicroseconds, p50Ms, p99Ms }: Figures): string[] {
  return [perSecond.toFixed(0), cpuMicroseconds.toFixed(0), p50Ms.toFixed(2), p99Ms.toFixed(2)];
}

/** Each of the first `count` devices sends to the next one, one message at a time. */
async function measureMessages(
  relay: ServerProcess,
  devices: readonly RelayDevice[],
  count: number,
  messages: number,
): Promise<Figures> {
  const ring = devices.slice(0, Math.max(count, 2));
  const sentMs = new Map<string, number>();
  const latencies: number[] = [];
  const { promise: allReceived, resolve } = Promise.withResolvers<void>();
  for (const device of ring) {
    device.received = ({ messageId }) => {
      const startedMs = sentMs.get(messageId);
      // What an earlier round had not acknowledged comes again.
      if (startedMs === undefined) return;
      sentMs.delete(messageId);
      if (latencies.push(performance.now() - startedMs) === messages) resolve();
    };
    await device.connect();
  }
  let sent = 0;
  const send = async (device: RelayDevice, number: number) => {
    const to = ring[(number + 1) % ring.length]!.userId;
    while (sent < messages) {
      const messageId = `c${count}-${sent++}`;
      sentMs.set(messageId, performance.now());
      await device.send(to, messageId);
    }
  };
  const figures = await timed(relay, messages, latencies, async () => {
    await Promise.all(ring.slice(0, count).map(send));
    await allReceived;
  });
  await Promise.all(ring.map((device) => device.close()));
  return figures;
}

async function measureEcho(echo: ServerProcess, count: number, messages: number): Promise<Figures> {
  const text = JSON.stringify({ type: "message", body: "7".repeat(640) });
  const latencies: number[] = [];
  const sockets = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${echo.port}`, { perMessageDeflate: false });
      await once(socket, "open");
      return socket;
    }),
  );
  let sent = 0;
  const send = async (socket: WebSocket) => {
    while (sent < messages) {
      sent++;
      const startedMs = performance.now();
      socket.send(text);
      await once(socket, "message");
      latencies.push(performance.now() - startedMs);
    }
  };
  const figures = await timed(echo, messages, latencies, async () => {
    await Promise.all(sockets.map(send));
  });
  for (const socket of sockets) socket.terminate();
  return figures;
}

async function timed(
  server: ServerProcess,
  messages: number,
  latencies: readonly number[],
  run: () => Promise<void>,
): Promise<Figures> {
  const startedMs = performance.now();
  const startedCpu = server.cpuMicroseconds();
  await run();
  const seconds = (performance.now() - startedMs) / 1000;
  const sorted = latencies.toSorted((a, b) => a - b);
  return {
    perSecond: messages / seconds,
    cpuMicroseconds: (server.cpuMicroseconds() - startedCpu) / messages,
    p50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? 0,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
  };
}

/** A mailbox fills up while its device is away, and is emptied in order when it comes back. */
async function measureQueue(relay: ServerProcess, sender: RelayDevice, away: RelayDevice): Promise<void> {
  const messages = scaled(10_000, 100);
  showProgress(`relay: ${messages} queued messages`);
  await sender.connect();
  const filled = await timed(relay, messages, [], async () => {
    const inFlight = 16;
    for (let first = 0; first < messages; first += inFlight) {
      const last = Math.min(first + inFlight, messages);
      await Promise.all(Array.from({ length: last - first }, (_, n) => sender.send(away.userId, `q${first + n}`)));
    }
  });
  await sender.close();
  const { promise: isEmpty, resolve } = Promise.withResolvers<void>();
  let next = 0;
  let isInOrder = true;
  away.received = ({ messageId }) => {
    if (!messageId.startsWith("q")) return;
    isInOrder &&= messageId === `q${next}`;
    if (++next === messages) resolve();
  };
  const drained = await timed(relay, messages, [], async () => {
    await away.connect();
    await isEmpty;
  });
  await away.close();
  if (!isInOrder) throw new Error("messages came out of order");
  const row = (name: string, { perSecond, cpuMicroseconds }: Figures) => [
    name,
    (messages / perSecond).toFixed(2),
    perSecond.toFixed(0),
    cpuMicroseconds.toFixed(0),
  ];
  const heads = [`${messages} messages for a device that is away`, "s", "messages/s", "CPU us a message"];
  printTable("A mailbox", heads, [row("stored", filled), row("drained, all in order", drained)]);
}

/** One member sends, the others receive. */
async function measureGroup(relay: ServerProcess, members: readonly RelayDevice[]): Promise<void> {
  const messages = scaled(400, 10);
  showProgress(`relay: a group of ${members.length}`);
  const deliveries = messages * (members.length - 1);
  const [sender] = members as [RelayDevice];
  const { promise: allReceived, resolve } = Promise.withResolvers<void>();
  let received = 0;
  for (const member of members) {
    let next = 0;
    member.received = ({ messageId }) => {
      if (!messageId.startsWith("g")) return;
      if (messageId !== `g${next++}`) throw new Error(`${messageId} came out of order`);
      if (++received === deliveries) resolve();
    };
    await member.connect();
  }
  await sender.createGroup("bench", members);
  const { perSecond, cpuMicroseconds } = await timed(relay, messages, [], async () => {
    for (let n = 0; n < messages; n++) await sender.sendToGroup("bench", `g${n}`);
    await allReceived;
  });
  await Promise.all(members.map((member) => member.close()));
  const heads = [`members`, "messages/s", "deliveries/s", "CPU us a message", "CPU us a delivery"];
  const others = members.length - 1;
  const figures = [perSecond, perSecond * others, cpuMicroseconds, cpuMicroseconds / others];
  printTable("A group", heads, [[members.length, ...figures.map((figure) => figure.toFixed(0))]]);
}
