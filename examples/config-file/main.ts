import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CofferRest } from "../shared/coffer-rest.ts";
import { decryptConfig, encryptConfig } from "./config.ts";

// Encrypts the sensitive values of a configuration file and loads it decrypted. make client-usecase2
const keyId = "app-config";
const coffer = new CofferRest();
await coffer.ensureKey(keyId);

const config = {
  service: "shop",
  port: 8443,
  database: { host: "db.internal", user: "shop", password: "s3cr3t-db-password" },
  payment: { api_key: "pk_live_4242", endpoint: "https://payments.example" },
};

const directory = mkdtempSync(join(tmpdir(), "coffer-config-"));
try {
  const file = join(directory, "config.enc.json");
  // The path is bound as context: a value moved to another place in the file does not decrypt.
  const encrypted = await encryptConfig(config, (text, path) => coffer.encrypt(keyId, text, { path }));
  writeFileSync(file, `${JSON.stringify(encrypted, null, 2)}\n`, { mode: 0o600 });
  console.log("on disk:");
  console.log(readFileSync(file, "utf8").replace(/ENC\[(.{24})[^\]]*\]/g, "ENC[$1...]"));

  const stored = JSON.parse(readFileSync(file, "utf8"));
  const loaded = await decryptConfig(stored, (ciphertext, path) => coffer.decrypt(keyId, ciphertext, { path }));
  const same = JSON.stringify(loaded) === JSON.stringify(config);
  console.log(`loaded decrypted: ${same ? "the same configuration" : "something else"}`);
  if (!same) throw new Error("the configuration did not come back");
} finally {
  rmSync(directory, { recursive: true });
}
