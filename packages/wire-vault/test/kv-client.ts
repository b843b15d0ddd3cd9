import assert from "node:assert/strict";
import { openVaultTest, type VaultTest } from "./vault-client.ts";

/** A Vault wire with a mount of KV version 2, `secret`, and one of version 1, `plain`. */
export async function openKvTest(): Promise<VaultTest> {
  const vault = await openVaultTest();
  assert.equal((await vault.call("POST", "sys/mounts/secret", { type: "kv", options: { version: "2" } })).status, 204);
  assert.equal((await vault.call("POST", "sys/mounts/plain", { type: "kv" })).status, 204);
  return vault;
}
