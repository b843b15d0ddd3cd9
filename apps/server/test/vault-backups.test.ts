import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { OpenBaoUnderTest, openBaoPath } from "./openbao-under-test.ts";
import { ServerUnderTest } from "./server-under-test.ts";
import { backupKinds, type KeyBackup, makeBackup, moveKeys, useBackup } from "./vault-backups.ts";
import { type VaultCalls, vaultCalls } from "./vault-calls.ts";

const recorded = new URL("../../../vectors/openbao/backups.json", import.meta.url);
const { keys } = JSON.parse(readFileSync(recorded, "utf8")) as { keys: readonly KeyBackup[] };

describe("Backups of Transit keys", () => {
  let server: ServerUnderTest;
  let coffer: VaultCalls;
  before(async () => {
    server = await ServerUnderTest.start({ listeners: 2 });
    coffer = vaultCalls({ address: server.vaultUrl, token: server.credentials.token });
    for (const mount of ["from-openbao", "own", "again"])
      await coffer("POST", `sys/mounts/${mount}`, { type: "transit" });
  });
  after(() => server?.kill());

  for (const key of keys) {
    it(`OpenBao's ${key.name} opens and verifies here what it made there`, async () => {
      assert.deepEqual(await useBackup(coffer, "from-openbao", key), []);
    });
  }

  for (const kind of backupKinds) {
    it(`a ${kind.name} of our own, under another mount`, async () => {
      assert.deepEqual(await useBackup(coffer, "again", await makeBackup(coffer, "own", kind)), []);
    });
  }

  it("ours open and verify in OpenBao what they made here, and keys move both ways, wrapped", {
    skip: openBaoPath === undefined ? "OPENBAO names no program." : false,
  }, async () => {
    assert.ok(openBaoPath !== undefined);
    const openBao = await OpenBaoUnderTest.start(openBaoPath);
    try {
      const call = vaultCalls(openBao);
      assert.deepEqual(await moveKeys(coffer, call, "moving-there"), []);
      assert.deepEqual(await moveKeys(call, coffer, "moving-here"), []);
      await call("POST", "sys/mounts/from-coffer", { type: "transit" });
      await coffer("POST", "sys/mounts/to-openbao", { type: "transit" });
      for (const kind of backupKinds) {
        assert.deepEqual(await useBackup(call, "from-coffer", await makeBackup(coffer, "to-openbao", kind)), []);
      }
    } finally {
      await openBao.kill();
    }
  });
});
