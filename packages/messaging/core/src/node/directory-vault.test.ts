import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { MessagingError, type MessagingErrorCode } from "../errors.ts";
import type { Vault } from "../vault/vault.ts";
import { passphraseKey, rawKey, type VaultKeySource, withPassphrase } from "../vault/vault-keys.ts";
import { directoryVault } from "./directory-vault.ts";
import { fileWitness } from "./file-witness.ts";

const owner = { userId: "alice", deviceId: "phone", protocol: "olm" } as const;
const key = rawKey(new Uint8Array(32).fill(3));

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "vault-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const put = (vault: Vault, name: string, value: string) =>
  vault.transact(async (state) => state.put(name, Buffer.from(value)));
const get = (vault: Vault, name: string) =>
  vault.transact(async (state) => {
    const value = await state.get(name);
    return value && Buffer.from(value).toString();
  });

function failsAs(code: MessagingErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof MessagingError && error.code === code;
}

describe("directoryVault", () => {
  it("keeps state from one process to the next, for its owner alone", async (t) => {
    const folder = join(folderOf(t), "vault");
    const vault = await directoryVault(folder, { owner, key });
    await put(vault, "a", "a planted value");
    await vault.close();
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const name of readdirSync(folder)) {
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
      assert.ok(!readFileSync(join(folder, name)).includes("planted"));
    }
    const again = await directoryVault(folder, { owner, key });
    assert.equal(await get(again, "a"), "a planted value");
    await again.close();
  });

  it("is one process's at a time, and is free again when that is gone", async (t) => {
    const folder = folderOf(t);
    const vault = await directoryVault(folder, { owner, key });
    await assert.rejects(directoryVault(folder, { owner, key }), /Another process uses the vault/);
    await vault.close();
    // Of a process that ended without a word: a number that no process has.
    writeFileSync(join(folder, "vault.lock"), String(2 ** 22 + 1));
    await (await directoryVault(folder, { owner, key })).close();
    assert.ok(!readdirSync(folder).includes("vault.lock"));
  });

  it("does not open under another key, passphrase or without its parts, with one message", async (t) => {
    const folder = folderOf(t);
    const source = withPassphrase(key, "correct horse");
    const vault = await directoryVault(folder, { owner, key: source });
    await put(vault, "a", "1");
    await vault.close();
    const others: VaultKeySource[] = [
      withPassphrase(key, "wrong horse"),
      withPassphrase(rawKey(new Uint8Array(32)), "correct horse"),
      key,
      passphraseKey("correct horse"),
    ];
    const messages = new Set<string>();
    for (const other of others) {
      await assert.rejects(directoryVault(folder, { owner, key: other }), (error) => {
        messages.add((error as Error).message);
        return failsAs("VaultUnreadable")(error);
      });
    }
    assert.equal(messages.size, 1);
    const again = await directoryVault(folder, { owner, key: source });
    assert.equal(await get(again, "a"), "1");
    await again.close();
    rmSync(join(folder, "vault.key"));
    await assert.rejects(directoryVault(folder, { owner, key: source }), failsAs("VaultUnreadable"));
  });

  it("refuses an older copy of itself", async (t) => {
    const folder = folderOf(t);
    const [live, copy, witness] = [join(folder, "live"), join(folder, "copy"), fileWitness(join(folder, "witness"))];
    const vault = await directoryVault(live, { owner, key, witness });
    await put(vault, "a", "1");
    await vault.close();
    cpSync(live, copy, { recursive: true });
    const on = await directoryVault(live, { owner, key, witness });
    await put(on, "a", "2");
    await on.close();
    await assert.rejects(directoryVault(copy, { owner, key, witness }), failsAs("VaultRolledBack"));
    await (await directoryVault(live, { owner, key, witness })).close();
  });
});
