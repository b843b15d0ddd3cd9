import assert from "node:assert/strict";
import { createSecretKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { parseDeviceList, signDeviceList } from "@coffer/messaging";
import { Database } from "./database.ts";
import { Directory } from "./directory.ts";
import { RowCipher } from "./row-cipher.ts";

function signed(userId: string) {
  const { d = "", x = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const accountKey = Buffer.from(x, "base64url").toString("base64");
  return signDeviceList({ userId, version: 1, accountKey, devices: [] }, Buffer.from(d, "base64url"));
}

describe("the directory", () => {
  it("keeps lists read up to a number of characters, and reads the others again", async () => {
    const database = new Database(":memory:");
    const one = signed("alice").text.length;
    const directory = new Directory(database, new RowCipher(createSecretKey(randomBytes(32))), 2 * one);
    const users = ["alice", "basil", "carol"];
    await database.write(() => {
      for (const userId of users) {
        const list = signed(userId);
        directory.store({ list: parseDeviceList(list), signed: list, leaf: 0 });
      }
    });
    const [alice, basil] = users.map((userId) => directory.find(userId));
    assert.equal(directory.find("basil"), basil);
    const again = directory.find("alice");
    assert.deepEqual(again, alice);
    assert.notEqual(again, alice);
    assert.equal(directory.find("alice"), again);
    directory.forget("alice");
    directory.forget("alice");
    const before = directory.find("alice");
    assert.equal(directory.find("alice"), before);
    database.close();
  });
});
