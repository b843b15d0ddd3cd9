import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decrypt, encrypt, kmsClient, kmsKeyring } from "@coffer/envelope";
import { cofferKey, E2EMessagingService, registerProtocol } from "@coffer/messaging";
import { directoryVault } from "@coffer/messaging/node";
import { olm } from "@coffer/messaging-olm";

// A practice uses both kinds of encryption. Appointments are the service's to work on: it must remind people of them, so they are
// encrypted under a key in the server. What patient and doctor write is not: only their devices read it.
//   RELAY_URL=http://127.0.0.1:8300 bin/node examples/messaging/both-kinds.ts     (beside make server-run and coffer relay)
const endpoint = process.env["COFFER_ENDPOINT"] ?? "http://127.0.0.1:8080";
const relay = process.env["RELAY_URL"] ?? "http://127.0.0.1:8300";
const credentials = { accessKeyId: "test", secretAccessKey: "test" };
const kms = kmsClient({ endpoint, region: "us-east-1", credentials });
const { KeyMetadata } = await kms.call("CreateKey", { Description: "appointments" });
const keyId = (KeyMetadata as { Arn: string }).Arn;
const folder = mkdtempSync(join(tmpdir(), "practice-"));

// 1. Keys in the server: the stored record is ciphertext, and the service opens it to do its work.
const keyring = kmsKeyring({ keyId, client: kms });
const context = { table: "appointments", patient: "paula" };
const record = new TextEncoder().encode(JSON.stringify({ patient: "paula", at: "2026-12-01T09:00" }));
const stored = await encrypt(record, { keyring, context });
const opened = await decrypt(stored, { keyring, context });
console.log(`the service reads: ${new TextDecoder().decode(opened.plaintext)}`);

// 2. End to end: the relay carries what only the two devices open. The devices' own state is sealed under the Coffer key.
registerProtocol(olm());
async function openDevice(user: string) {
  const owner = { userId: user, deviceId: "phone", protocol: "olm" } as const;
  const vault = await directoryVault(join(folder, user), { owner, key: cofferKey({ client: kms, keyId }) });
  return { vault, service: await E2EMessagingService.open({ user, deviceId: "phone", protocol: "olm", relay, vault }) };
}
const suffix = crypto.randomUUID().slice(0, 8);
const [paula, doctor] = [await openDevice(`paula-${suffix}`), await openDevice(`doctor-${suffix}`)];
await paula.service.sendEncryptedMessage(`doctor-${suffix}`, "It still hurts. Please tell nobody.");
for (const message of await doctor.service.receiveAll()) console.log(`the doctor reads: ${message.text}`);

for (const { service, vault } of [paula, doctor]) {
  await service.close();
  await vault.close();
}
rmSync(folder, { recursive: true });
