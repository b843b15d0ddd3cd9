import { randomBytesPooled } from "@coffer/crypto";
import { answerRequest, authenticate, renderFailure } from "./answer.ts";
import { Challenges } from "./challenges.ts";
import { closeCodes, DeviceConnection } from "./connection.ts";
import type { RelayContext } from "./context.ts";
import { Database } from "./database.ts";
import { Directory } from "./directory.ts";
import { defaultLimits } from "./limits.ts";
import { Mailboxes } from "./mailboxes.ts";
import { resetAccount, sweep } from "./operations/upkeep.ts";
import { RelayRefusal } from "./problem.ts";
import { Rates } from "./rates.ts";
import type { Relay, RelayConnection, RelayOptions, RelayRequest } from "./relay.ts";
import { RowCipher } from "./row-cipher.ts";
import { TransparencyLog } from "./transparency-log.ts";

const relayIdBytes = 16;

/**
 * Opens the key directory and relay over its database.
 *
 * @throws RowUnreadable when the database was made under another key; Error when it cannot be opened
 */
export async function openRelay(options: RelayOptions): Promise<Relay> {
  const context = await openContext(options);
  const onFault = options.onFault ?? (() => undefined);
  const connections = new Map<string, DeviceConnection>();

  return {
    answer: (request) => answerRequest(context, request, onFault),
    async connect(request, socket): Promise<RelayConnection | Awaited<ReturnType<Relay["answer"]>>> {
      try {
        const caller = authenticate(context, withSocketToken(request));
        if (caller === undefined) throw new RelayRefusal("Unauthenticated", "A socket needs a token.");
        const name = caller.device.toString("hex");
        // Two sockets would each get part of the messages.
        connections.get(name)?.close(closeCodes.replaced, "another connection of this device was opened");
        const connection = new DeviceConnection(context, caller, socket, onFault);
        connections.set(name, connection);
        return {
          receive: (text) => connection.receive(text),
          drained: () => connection.drained(),
          closed() {
            connection.closed();
            if (connections.get(name) === connection) connections.delete(name);
          },
        };
      } catch (cause) {
        return renderFailure(cause, onFault);
      }
    },
    resetAccount: (userId) => resetAccount(context, userId),
    sweep: () => sweep(context),
    async close() {
      for (const connection of connections.values()) connection.close(closeCodes.shutdown, "the relay stops");
      context.database.close();
    },
  };
}

async function openContext(options: RelayOptions): Promise<RelayContext> {
  const database = new Database(options.databasePath);
  const cipher = new RowCipher(options.rowKey);
  const limits = { ...defaultLimits, ...options.limits };
  const { nowMs, headSigner, registrationToken } = options;
  try {
    const relayId = await readRelayId(database, cipher);
    const challenges = new Challenges(nowMs, limits.challengeKeptMs, limits.challenges);
    return {
      relayId,
      database,
      cipher,
      limits,
      rates: new Rates(nowMs),
      directory: new Directory(database, cipher),
      mailboxes: new Mailboxes(database, cipher, limits),
      log: new TransparencyLog(database, relayId, headSigner, nowMs),
      challenges,
      headSigner,
      registrationToken,
      nowMs,
    };
  } catch (cause) {
    database.close();
    throw cause;
  }
}

/** The relay's id, made with its database; reading it shows whether the key is the database's. */
async function readRelayId(database: Database, cipher: RowCipher): Promise<string> {
  const row = database.get<{ value: Uint8Array }>("select value from settings where name = 'relayId'");
  if (row !== undefined) return cipher.open("settings/relayId", row.value).toString();
  const relayId = randomBytesPooled(relayIdBytes).toString("hex");
  await database.write(() =>
    database.run(
      "insert into settings (name, value) values ('relayId', ?)",
      cipher.seal("settings/relayId", Buffer.from(relayId)),
    ),
  );
  return relayId;
}

/** Browsers send no headers of a page's with a WebSocket: the token comes as a subprotocol. */
function withSocketToken(request: RelayRequest): Pick<RelayRequest, "header"> {
  if (request.header("authorization") !== undefined) return request;
  const offered = (request.header("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
  const token = offered.find((name) => name.startsWith("coffer.bearer."))?.slice("coffer.bearer.".length);
  return { header: (name) => (name === "authorization" && token !== undefined ? `Bearer ${token}` : undefined) };
}
