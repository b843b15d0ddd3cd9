import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { MessagingError, type MessagingErrorCode } from "../errors.ts";
import type { Vault } from "../vault/vault.ts";
import { passphraseKey, rawKey, type VaultKeySource, withPassphrase } from "../vault/vault-keys.ts";
import { directoryVault } from "./directory-vault.ts";
import { fileKey } from "./file-key.ts";
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

const hasModes = process.platform !== "win32";
const vaultModule = new URL("./directory-vault.ts", import.meta.url).href;
const keysModule = new URL("../vault/vault-keys.ts", import.meta.url).href;
/** A program that counts in a vault for as long as it lives. */
const holdVault = `
  const [folder, vaultModule, keysModule] = process.argv.slice(1);
  const { directoryVault } = await import(vaultModule);
  const { rawKey } = await import(keysModule);
  const owner = { userId: "alice", deviceId: "phone", protocol: "olm" };
  const vault = await directoryVault(folder, { owner, key: rawKey(new Uint8Array(32).fill(3)) });
  for (let n = 1; ; n++) {
    await vault.transact(async (state) => state.put("count", new TextEncoder().encode(String(n))));
    console.log(n);
  }
`;

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
    await assert.rejects(directoryVault(folder, { owner, key }), failsAs("InvalidInput"));
    await vault.close();
    await (await directoryVault(folder, { owner, key })).close();
    // What did not open holds nothing.
    await assert.rejects(
      directoryVault(folder, { owner, key: rawKey(new Uint8Array(32)) }),
      failsAs("VaultUnreadable"),
    );
    await (await directoryVault(folder, { owner, key })).close();
  });

  it("is free again, with all that was told, when its process is killed", async (t) => {
    const folder = join(folderOf(t), "vault");
    const child = spawn(
      process.execPath,
      ["--input-type=module", "--eval", holdVault, folder, vaultModule, keysModule],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    t.after(() => child.kill("SIGKILL"));
    const [told] = await once(child.stdout, "data");
    const written = Number(String(told).trim().split("\n").at(-1));
    assert.ok(written >= 1);
    await assert.rejects(directoryVault(folder, { owner, key }), failsAs("InvalidInput"));
    child.kill("SIGKILL");
    await once(child, "exit");
    const vault = await directoryVault(folder, { owner, key });
    assert.ok(Number(await get(vault, "count")) >= written);
    assert.equal(await vault.version(), Number(await get(vault, "count")));
    await vault.close();
  });

  it("is refused where other users of the machine may read it", { skip: !hasModes && "no modes here" }, async (t) => {
    const folder = folderOf(t);
    chmodSync(folder, 0o750);
    await assert.rejects(directoryVault(folder, { owner, key }), failsAs("InvalidInput"));
    chmodSync(folder, 0o700);
    await (await directoryVault(folder, { owner, key })).close();
    const file = join(folderOf(t), "key");
    writeFileSync(file, new Uint8Array(32), { mode: 0o640 });
    await assert.rejects(directoryVault(folder, { owner, key: fileKey(file) }), failsAs("InvalidInput"));
  });

  it("is begun anew after a crash while it was made, and never once it was there", async (t) => {
    const folder = folderOf(t);
    const file = join(folderOf(t), "key");
    await (await directoryVault(folder, { owner, key: fileKey(file) })).close();
    // As it is when the process ends before the key has its name.
    renameSync(join(folder, "vault.key"), join(folder, "vault.key.pending"));
    for (const alsoGone of [undefined, "vault.log"]) {
      if (alsoGone !== undefined) {
        renameSync(join(folder, "vault.key"), join(folder, "vault.key.pending"));
        rmSync(join(folder, alsoGone));
      }
      const vault = await directoryVault(folder, { owner, key: fileKey(file) });
      await put(vault, "a", "1");
      await vault.close();
      assert.ok(!existsSync(join(folder, "vault.key.pending")));
    }
    const again = await directoryVault(folder, { owner, key: fileKey(file) });
    assert.equal(await get(again, "a"), "1");
    await again.close();
    rmSync(join(folder, "vault.log"));
    await assert.rejects(directoryVault(folder, { owner, key: fileKey(file) }), failsAs("VaultUnreadable"));
  });

  it("goes on after it was opened again: what follows is added behind", async (t) => {
    const folder = folderOf(t);
    for (let n = 1; n <= 4; n++) {
      const vault = await directoryVault(folder, { owner, key });
      await put(vault, `record/${n}`, String(n));
      assert.equal(await vault.version(), n);
      assert.equal((await vault.transact((state) => state.list("record/"))).length, n);
      await vault.close();
    }
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
    // A witness that is damaged knows nothing that is new enough.
    for (const text of ["", "x", "-1", "1e3"]) {
      writeFileSync(join(folder, "witness"), text);
      await assert.rejects(directoryVault(live, { owner, key, witness }), failsAs("VaultRolledBack"), text);
    }
  });
});
