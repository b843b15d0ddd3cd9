import { generateKeyPairSync } from "node:crypto";

/**
 * Changes an answer of the relay.
 *
 * @param body of the relay's answer, JSON
 * @returns undefined to leave it as it is
 */
export type Tamper = (method: string, path: string, body: Buffer) => Buffer | undefined;

interface ListAnswer {
  readonly text: string;
}

interface ListedDevice {
  readonly deviceId: string;
  readonly [member: string]: unknown;
}

function newKey(): string {
  const { publicKey } = generateKeyPairSync("ed25519");
  return publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("base64");
}

/** Puts another device into the list of everybody, as who wants to read along does. The account's signature stays. */
export const injectDevice: Tamper = (method, path, body) => {
  if (method !== "GET" || !/^\/v1\/users\/[^/]+\/device-list/.test(path)) return undefined;
  const answer = JSON.parse(body.toString()) as ListAnswer;
  if (typeof answer.text !== "string") return undefined;
  const list = JSON.parse(answer.text) as { devices: ListedDevice[] };
  const [first] = list.devices;
  if (first === undefined) return undefined;
  const added = { ...first, deviceId: "evil", signingKey: newKey(), identityKey: `${newKey()}` };
  return Buffer.from(
    JSON.stringify({ ...answer, text: JSON.stringify({ ...list, devices: [...list.devices, added] }) }),
  );
};

/** Gives its own identity key out with the prekeys that somebody claims. */
export const swapKeys: Tamper = (method, path, body) => {
  if (method !== "POST" || !/^\/v1\/users\/[^/]+\/claims/.test(path)) return undefined;
  const answer = JSON.parse(body.toString()) as { devices?: { bundle: { identityKey: string } }[] };
  if (answer.devices === undefined) return undefined;
  for (const device of answer.devices) {
    const bytes = Buffer.from(device.bundle.identityKey, "base64");
    Buffer.from(newKey(), "base64").copy(bytes);
    device.bundle = { ...device.bundle, identityKey: bytes.toString("base64") };
  }
  return Buffer.from(JSON.stringify(answer));
};

/** What `--evil-relay` can be. */
export const evilRelays: ReadonlyMap<string, Tamper> = new Map([
  ["inject-device", injectDevice],
  ["swap-keys", swapKeys],
]);
