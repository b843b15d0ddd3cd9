import { memoryVault } from "@coffer/messaging";
import {
  CollectStrategy,
  DecryptionSettings,
  DeviceId,
  DeviceLists,
  EncryptionSettings,
  OlmMachine,
  RequestType,
  RoomId,
  StoreHandle,
  TrustRequirement,
  UserId,
} from "@matrix-org/matrix-sdk-crypto-wasm";
import { lendIndexedDb } from "../../src/lend-indexed-db.ts";
import { RecordDatabase } from "../../src/record-database.ts";
import type { MatrixLogin, Synapse } from "./synapse.ts";

type Event = Readonly<Record<string, unknown>>;

/** A device of a real Matrix user, whose store is this package's, in a vault. After each call it is what the vault has. */
export class StoreDevice {
  readonly #synapse: Synapse;
  readonly #login: MatrixLogin;
  readonly #vault = memoryVault();
  readonly #timeline: Event[] = [];
  #since: string | undefined;

  constructor(synapse: Synapse, login: MatrixLogin) {
    this.#synapse = synapse;
    this.#login = login;
  }

  /** Publishes keys, fetches what came, and does what the library asks for. @param timeoutMs to wait for something new */
  async sync(timeoutMs = 0): Promise<void> {
    const since = this.#since === undefined ? "" : `&since=${this.#since}`;
    const answer = await this.#call("GET", `sync?timeout=${timeoutMs}${since}`);
    this.#since = String(answer["next_batch"]);
    for (const room of Object.values(recordOf(recordOf(answer["rooms"])["join"]))) {
      this.#timeline.push(...(recordOf(recordOf(room)["timeline"])["events"] as Event[]));
    }
    const lists = recordOf(answer["device_lists"]) as { changed?: string[]; left?: string[] };
    const users = (names: string[] = []) => names.map((name) => new UserId(name));
    await this.#use(async (machine) => {
      await machine.receiveSyncChanges(
        JSON.stringify(recordOf(answer["to_device"])["events"] ?? []),
        new DeviceLists(users(lists.changed), users(lists.left)),
        new Map(Object.entries(recordOf(answer["device_one_time_keys_count"]) as Record<string, number>)),
        new Set((answer["device_unused_fallback_key_types"] as string[] | undefined) ?? []),
        new DecryptionSettings(TrustRequirement.Untrusted),
      );
      for (const request of await machine.outgoingRequests()) {
        // Signatures and the like have no answer to wait for here.
        if ("body" in request) await this.#send(machine, request as OutgoingRequest);
      }
    });
  }

  /** Waits for a text in a room. @returns who sent it */
  async read(roomId: string, text: string): Promise<string> {
    for (;;) {
      await this.sync(10_000);
      for (const event of this.#timeline.splice(0)) {
        if (event["type"] !== "m.room.encrypted") continue;
        const opened = await this.#use((machine) =>
          machine.decryptRoomEvent(
            JSON.stringify(event),
            new RoomId(roomId),
            new DecryptionSettings(TrustRequirement.Untrusted),
          ),
        );
        const { content, sender } = JSON.parse(opened.event) as { content: { body?: string }; sender: string };
        if (content.body === text) return sender;
      }
    }
  }

  /** Writes a text to a room, with a key for every device of its members. */
  async write(roomId: string, members: readonly string[], text: string): Promise<void> {
    const users = () => members.map((member) => new UserId(member));
    const content = await this.#use(async (machine) => {
      await machine.updateTrackedUsers(users());
      for (const request of await machine.outgoingRequests()) await this.#send(machine, request as OutgoingRequest);
      const claim = await machine.getMissingSessions(users());
      if (claim !== null && claim !== undefined) await this.#send(machine, claim as OutgoingRequest);
      const settings = new EncryptionSettings();
      settings.sharingStrategy = CollectStrategy.allDevices();
      for (const share of await machine.shareRoomKey(new RoomId(roomId), users(), settings)) {
        await this.#send(machine, share as OutgoingRequest);
      }
      const message = JSON.stringify({ msgtype: "m.text", body: text });
      return machine.encryptRoomEvent(new RoomId(roomId), "m.room.message", message);
    });
    const path = `rooms/${encodeURIComponent(roomId)}/send/m.room.encrypted/${encodeURIComponent(text)}`;
    await this.#call("PUT", path, JSON.parse(content) as object);
  }

  /** Runs something on a machine that was opened from the vault, and is gone afterwards. */
  #use<T>(run: (machine: OlmMachine) => Promise<T>): Promise<T> {
    return this.#vault.transact(async (state) => {
      const database = new RecordDatabase("matrix::matrix-sdk-crypto");
      await database.load(state);
      const { userId, deviceId } = this.#login;
      const machine = await lendIndexedDb(database.factory, async () =>
        OlmMachine.initFromStore(
          new UserId(userId),
          new DeviceId(deviceId),
          await StoreHandle.open("matrix", undefined),
        ),
      );
      try {
        const result = await run(machine);
        await database.saveAllIfNew(state);
        return result;
      } finally {
        machine.close();
      }
    });
  }

  async #send(machine: OlmMachine, request: OutgoingRequest): Promise<void> {
    const path = paths.get(request.type)?.(request);
    if (path === undefined) throw new Error(`The library asks for ${RequestType[request.type]}.`);
    const answer = await this.#call(path.startsWith("sendToDevice") ? "PUT" : "POST", path, JSON.parse(request.body));
    await machine.markRequestAsSent(request.id, request.type, JSON.stringify(answer));
  }

  #call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    return this.#synapse.call(method, path, this.#login.accessToken, body);
  }
}

interface OutgoingRequest {
  readonly id: string;
  readonly type: RequestType;
  readonly body: string;
  readonly event_type?: string;
  readonly txn_id?: string;
}

const paths = new Map<RequestType, (request: OutgoingRequest) => string>([
  [RequestType.KeysUpload, () => "keys/upload"],
  [RequestType.KeysQuery, () => "keys/query"],
  [RequestType.KeysClaim, () => "keys/claim"],
  [RequestType.ToDevice, ({ event_type, txn_id }) => `sendToDevice/${event_type}/${txn_id}`],
]);

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return (value ?? {}) as Readonly<Record<string, unknown>>;
}
