// Devices by matrix-js-sdk, Matrix's own client library: one JSON request a line, one JSON answer a line. It runs where the
// library is installed, and in a process of its own, so that its store and ours do not meet.
import { createInterface } from "node:readline";
import * as sdk from "matrix-js-sdk";

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, getChild: () => silent };
const clients = new Map();

/** Fulfils once `find` finds something, asked now and after each of the events. */
function until(client, events, find) {
  return new Promise((resolve) => {
    const look = () => {
      const found = find();
      if (found === undefined) return;
      for (const event of events) client.off(event, look);
      resolve(found);
    };
    for (const event of events) client.on(event, look);
    look();
  });
}

const operations = {
  async open({ name, ...options }) {
    const client = sdk.createClient({ ...options, logger: silent });
    clients.set(name, client);
    await client.initRustCrypto({ useIndexedDB: false });
    await client.startClient();
    await until(client, ["sync"], () => (client.isInitialSyncComplete() ? true : undefined));
  },

  async createRoom({ name, invite }) {
    const encryption = { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } };
    const { room_id } = await clients.get(name).createRoom({ invite, initial_state: [encryption] });
    return room_id;
  },

  async join({ name, roomId }) {
    await clients.get(name).joinRoom(roomId);
  },

  /** Sends once that user is in the room and its encryption is known. */
  async send({ name, roomId, to, text }) {
    const client = clients.get(name);
    const isThere = () =>
      client.getRoom(roomId)?.getMember(to)?.membership === "join" && client.getRoom(roomId).hasEncryptionStateEvent();
    await until(client, ["Room", "RoomState.events", "RoomState.members"], () => (isThere() ? true : undefined));
    await client.sendTextMessage(roomId, text);
  },

  /** Waits for a text. Returns who sent it, and whether it was encrypted. */
  read({ name, roomId, text }) {
    const client = clients.get(name);
    return until(client, ["Room.timeline", "Event.decrypted"], () => {
      const events = client.getRoom(roomId)?.getLiveTimeline().getEvents() ?? [];
      const event = events.find((one) => one.getType() === "m.room.message" && one.getContent().body === text);
      return event && { sender: event.getSender(), isEncrypted: event.isEncrypted() };
    });
  },

  async close() {
    for (const client of clients.values()) client.stopClient();
    process.exit(0);
  },
};

// What libraries say goes elsewhere: answers alone are on the output.
for (const level of ["log", "debug", "info", "warn", "error", "trace"]) console[level] = () => {};

createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, do: operation, ...request } = JSON.parse(line);
  let answer;
  try {
    answer = { id, ok: (await operations[operation](request)) ?? null };
  } catch (error) {
    answer = { id, error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
