import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Party, textOf } from "@coffer/messaging/testing";
import { olm } from "@coffer/messaging-olm";
import { component } from "@coffer/testkit";
import { parseIdentityKey } from "../src/identity-keys.ts";
import { matrixRoomOf, matrixUserOf } from "../src/matrix-ids.ts";
import { VodozemacPeer } from "./vodozemac-peer.ts";

const python = component("python-venv");
const base64 = (text: string) => new TextEncoder().encode(text).toBase64();
const textIn = (content: Record<string, string>) => new TextDecoder().decode(Uint8Array.fromBase64(content["body"]!));

describe("olm: a peer by vodozemac", { skip: python.available ? false : python.reason }, () => {
  const peers: VodozemacPeer[] = [];
  let bob: Party;
  let peer: VodozemacPeer;

  before(async () => {
    bob = await Party.open(olm(), "bob");
  });

  after(() => {
    for (const each of peers) each.close();
  });

  async function openPeer(): Promise<void> {
    assert.ok(python.available);
    peer = await VodozemacPeer.open(python.path, { userId: `python-${peers.length}`, deviceId: "one" });
    peers.push(peer);
  }

  const receive = (message: { kind: string; body: Uint8Array }, messageId: string, groupId?: string) =>
    bob.transact((state) =>
      bob.device.receive(state, peer.address, { ...message, messageId, groupId }, peer.bundle.identityKey),
    );
  const encrypt = async (text: string) => {
    const [message] = await bob.transact((state) =>
      bob.device.encrypt(state, [peer.address], new TextEncoder().encode(text), "id"),
    );
    return message!;
  };
  const bobsKeys = () => parseIdentityKey(bob.device.identityKey)!;
  const write = async (text: string, messageId: string, forged: object = {}) => {
    const content = { messageId, body: base64(text) };
    return peer.encrypt(bobsKeys(), await matrixUserOf(bob.address), "coffer.message", content, forged);
  };
  const begin = async () => {
    await openPeer();
    await peer.begin(bobsKeys().curve25519, bob.claim().sets["signed_curve25519"]!.key.replaceAll("=", ""));
  };
  const tell = async (content: object, groupId?: string) => {
    const user = await matrixUserOf(bob.address);
    return receive(await peer.encrypt(bobsKeys(), user, "coffer.group.members", content), "m", groupId);
  };

  it("begins a session with us, and is answered", async () => {
    await begin();
    for (const text of ["first", "second"]) {
      const message = await write(text, text);
      assert.equal(message.kind, "preKey");
      assert.equal(textOf(await receive(message, text)), text);
      assert.equal((await receive(message, text)).kind, "undecryptable");
    }
    assert.ok(await bob.transact((state) => bob.device.hasSession(state, peer.address)));
    const { content, sender } = await peer.decrypt(bobsKeys().curve25519, await encrypt("answer"));
    assert.deepEqual([textIn(content), sender], ["answer", await matrixUserOf(bob.address)]);
    const next = await write("third", "third");
    assert.equal(next.kind, "message");
    await bob.restart();
    assert.equal(textOf(await receive(next, "third")), "third");
  });

  it("is begun with by us, and answers", async () => {
    await openPeer();
    await bob.transact((state) => bob.device.initializeSession(state, peer.address, peer.bundle));
    for (const text of ["first", "second"]) {
      const message = await encrypt(text);
      assert.equal(message.kind, "preKey");
      assert.equal(textIn((await peer.decrypt(bobsKeys().curve25519, message)).content), text);
    }
    assert.equal(textOf(await receive(await write("answer", "answer"), "answer")), "answer");
    assert.equal((await encrypt("goes on")).kind, "message");
  });

  it("reads and writes in a group", async () => {
    const groupId = "both";
    const groups = bob.device.groups!;
    const room = await matrixRoomOf(groupId);
    const { curve25519 } = bobsKeys();
    await bob.transact((state) => groups.create(state, groupId));
    const add = [{ address: peer.address, bundle: peer.bundle }];
    const { welcomes } = await bob.transact((state) => groups.propose(state, groupId, { add, remove: [] }));
    await bob.transact((state) => groups.settle(state, groupId, true));
    const welcome = await peer.decrypt(curve25519, welcomes[0]!);
    assert.deepEqual(welcome.content["members"], ["bob/one", `${peer.address.userId}/one`]);

    const octets = new TextEncoder().encode("to the group");
    const sent = await bob.transact((state) => groups.encrypt(state, groupId, octets, "g1"));
    const share = await peer.decrypt(curve25519, sent.before[0]!);
    assert.deepEqual([share.type, share.content["room_id"]], ["m.room_key", room]);
    const heard = await peer.groupHear(share.content["session_key"]!);
    assert.equal(heard, sent.body.subarray(0, 32).toBase64({ omitPadding: true }));
    const event = await peer.groupDecrypt(heard, sent.body.subarray(32).toBase64({ omitPadding: true }));
    const { content, room_id } = event as { content: Record<string, string>; room_id: string };
    assert.deepEqual([textIn(content), content["messageId"], room_id], ["to the group", "g1", room]);

    const { sessionId, sessionKey } = await peer.groupKey();
    const key = { algorithm: "m.megolm.v1.aes-sha2", room_id: room, session_id: sessionId, session_key: sessionKey };
    const keyMessage = await peer.encrypt(bobsKeys(), await matrixUserOf(bob.address), "m.room_key", key);
    assert.equal((await receive(keyMessage, "k", groupId)).kind, "control");
    const written = async (messageId: string, roomId: string) => {
      const plain = { type: "coffer.group.message", room_id: roomId, content: { messageId, body: base64("back") } };
      const ciphertext = Uint8Array.fromBase64(await peer.groupEncrypt(plain));
      const body = new Uint8Array([...Uint8Array.fromBase64(sessionId), ...ciphertext]);
      return receive({ kind: "megolm", body }, messageId, groupId);
    };
    assert.equal(textOf(await written("g2", room)), "back");
    assert.equal((await written("g3", await matrixRoomOf("another"))).kind, "undecryptable");
    // The first two messages had 0 and 1; of 10,000 on, nothing would be known when it comes again.
    await peer.groupSkip(9_999 - 2);
    assert.equal(textOf(await written("last", room)), "back");
    assert.equal((await written("too far", room)).kind, "undecryptable");
  });

  it("is refused when its event says other than its session", async () => {
    await begin();
    const other = await VodozemacPeer.open(python.available ? python.path : "", { userId: "other", deviceId: "one" });
    peers.push(other);
    const forgeries: object[] = [
      { keys: { ed25519: other.keys.ed25519 } },
      { keys: { ed25519: other.keys.ed25519 }, sender_device_keys: undefined },
      { keys: undefined, sender_device_keys: undefined },
      { sender: other.user },
      { sender_device_keys: JSON.parse(other.bundle.details!) as object },
      { sender_device_keys: {} },
      { recipient: other.user },
      { recipient_keys: { ed25519: other.keys.ed25519 } },
      { content: {} },
      { content: { messageId: "f" } },
      { content: "text" },
      { type: 1 },
    ];
    for (const forged of forgeries) {
      const received = await receive(await write("forged", "f", forged), "f");
      assert.equal(received.kind, "undecryptable", JSON.stringify(forged));
    }
    assert.equal(await bob.transact((state) => bob.device.hasSession(state, peer.address)), false);
    assert.equal(textOf(await receive(await write("honest", "f"), "f")), "honest");
  });

  it("is read without what is published of it where that is known, and not before", async () => {
    await begin();
    const forged = { sender_device_keys: undefined };
    assert.equal((await receive(await write("who am I?", "w", forged), "w")).kind, "undecryptable");
    await bob.transact((state) => bob.device.initializeSession(state, peer.address, peer.bundle));
    assert.equal(textOf(await receive(await write("you know me", "k", forged), "k")), "you know me");
  });

  it("changes no group by lists that cannot be", async () => {
    await begin();
    const name = `${peer.address.userId}/one`;
    const members = ["bob/one", name];
    const groupOf = (groupId: string) => bob.transact((state) => bob.device.groups!.members(state, groupId));
    for (const content of [
      {},
      { groupId: "x", epoch: 0, members },
      { groupId: "x", epoch: 1.5, members },
      { groupId: "a/b", epoch: 1, members },
      { groupId: "x", epoch: 1, members: "bob/one" },
      { groupId: "x", epoch: 1, members: [...members, name] },
      { groupId: "x", epoch: 1, members: [...members, "../../one"] },
      { groupId: "x", epoch: 1, members: [...members, 1] },
      { groupId: "x", epoch: 1, members: Array.from({ length: 1001 }, (_, n) => `u${n}/one`) },
    ]) {
      assert.equal((await tell(content)).kind, "undecryptable", JSON.stringify(content).slice(0, 100));
    }
    assert.equal((await tell({ groupId: "x", epoch: 1, members: ["bob/one"] })).kind, "control");
    assert.equal((await tell({ groupId: "x", epoch: 1, members: [name] })).kind, "control");
    assert.equal(await groupOf("x"), undefined);
    assert.equal((await tell({ groupId: "x", epoch: 1, members })).kind, "control");
    assert.equal((await groupOf("x"))?.length, 2);
  });

  it("takes no session from its sender by handing its key on", async () => {
    await begin();
    const [sender, groupId] = [peer, "handed-on"];
    const room = await matrixRoomOf(groupId);
    await bob.transact((state) => bob.device.groups!.create(state, groupId));
    const add = [{ address: sender.address, bundle: sender.bundle }];
    await bob.transact((state) => bob.device.groups!.propose(state, groupId, { add, remove: [] }));
    await bob.transact((state) => bob.device.groups!.settle(state, groupId, true));
    const { sessionId, sessionKey } = await sender.groupKey();
    const key = { algorithm: "m.megolm.v1.aes-sha2", room_id: room, session_id: sessionId, session_key: sessionKey };
    const user = await matrixUserOf(bob.address);
    assert.equal(
      (await receive(await peer.encrypt(bobsKeys(), user, "m.room_key", key), "k", groupId)).kind,
      "control",
    );
    await begin();
    for (const named of [groupId, undefined]) {
      const handedOn = await peer.encrypt(bobsKeys(), user, "m.room_key", key);
      assert.equal((await receive(handedOn, "k", named)).kind, "control");
    }
    const plain = { type: "coffer.group.message", room_id: room, content: { messageId: "g", body: base64("mine") } };
    const ciphertext = Uint8Array.fromBase64(await sender.groupEncrypt(plain));
    const body = new Uint8Array([...Uint8Array.fromBase64(sessionId), ...ciphertext]);
    peer = sender;
    assert.equal(textOf(await receive({ kind: "megolm", body }, "g", groupId)), "mine");
  });
});
