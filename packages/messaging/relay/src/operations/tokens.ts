import { createPublicKey, verify as verifySignature } from "node:crypto";
import { randomBytesPooled, sha256 } from "@coffer/crypto";
import { addressName, checkId } from "@coffer/messaging";
import { type Caller, type OperationAnswer, type OperationInput, ok, type RelayContext } from "../context.ts";
import { RelayRefusal } from "../problem.ts";
import { base64Of, invalid, type JsonRecord, readBody, textOf } from "../read-json.ts";

const tokenBytes = 32;
// SubjectPublicKeyInfo of an Ed25519 key, before its 32 bytes (RFC 8410, section 4).
const ed25519Prefix = Buffer.from("302a300506032b6570032100", "hex");
const signatureCharacters = 88;

/** `POST /v1/challenges`: something for a device to sign. Given for devices that are not there as well. */
export async function issueChallenge(context: RelayContext, { body }: OperationInput): Promise<OperationAnswer> {
  const { challenges, limits, nowMs } = context;
  const challenge = challenges.issue(addressName(readAddress(readBody(body))));
  return ok({ challenge, expiresAtMs: nowMs() + limits.challengeKeptMs });
}

/** `POST /v1/tokens`: a token for a device that signed its challenge by its signing key (Ed25519, RFC 8032). */
export async function issueToken(context: RelayContext, { body }: OperationInput): Promise<OperationAnswer> {
  const { database, directory, challenges, limits, relayId, nowMs } = context;
  const request = readBody(body);
  const { userId, deviceId } = readAddress(request);
  const challenge = textOf(request["challenge"], "challenge", 64);
  const signature = Buffer.from(base64Of(request["signature"], "signature", signatureCharacters), "base64");
  const address = addressName({ userId, deviceId });
  challenges.use(challenge, address);
  const signed = Buffer.from(`coffer relay token 1\n${relayId}\n${address}\n${challenge}`);
  const token = randomBytesPooled(tokenBytes).toString("base64url");
  const now = nowMs();
  const expiresAtMs = now + limits.tokenKeptMs;
  await database.write(() => {
    const entry = directory.findDevice(userId, deviceId);
    if (entry === undefined || !isSignedBy(entry.signingKey, signed, signature)) {
      throw new RelayRefusal(
        "Unauthenticated",
        "The signature is not this device's, or its user's list does not have it.",
      );
    }
    const device = directory.deviceKey(userId, deviceId);
    database.run(
      "delete from tokens where hash in (select hash from tokens where device = ? order by expires_ms desc limit -1 offset ?)",
      device,
      limits.tokensPerDevice - 1,
    );
    database.run("insert into tokens (hash, device, expires_ms) values (?, ?, ?)", sha256(token), device, expiresAtMs);
  });
  return { status: 201, json: { token, expiresAtMs } };
}

function readAddress(request: JsonRecord): { userId: string; deviceId: string } {
  const { userId, deviceId } = request;
  try {
    checkId(userId, "user's id");
    checkId(deviceId, "device's id");
  } catch (cause) {
    throw invalid((cause as Error).message);
  }
  return { userId, deviceId };
}

function isSignedBy(signingKey: string, message: Buffer, signature: Buffer): boolean {
  const der = Buffer.concat([ed25519Prefix, Buffer.from(signingKey, "base64")]);
  return verifySignature(null, message, createPublicKey({ key: der, format: "der", type: "spki" }), signature);
}

interface TokenRow {
  readonly device: Uint8Array;
  readonly expires_ms: number;
}

/** Who a token is of; undefined when it is unknown or has ended. Tokens are found by their SHA-256: they have 256 random bits. */
export function findCaller({ database, cipher, nowMs }: RelayContext, token: string): Caller | undefined {
  const row = database.get<TokenRow>("select device, expires_ms from tokens where hash = ?", sha256(token));
  if (row === undefined || row.expires_ms <= nowMs()) return undefined;
  const device = Buffer.from(row.device);
  const found = database.get<{ sealed: Uint8Array; incarnation: Uint8Array }>(
    "select sealed, incarnation from devices where device = ?",
    device,
  );
  if (found === undefined) return undefined;
  const facts = JSON.parse(cipher.open(devicePlace(device), found.sealed).toString()) as Omit<
    Caller,
    "device" | "incarnation"
  >;
  return { ...facts, device, incarnation: Buffer.from(found.incarnation) };
}

/** Where a device's row is sealed for. */
export function devicePlace(device: Buffer): string {
  return `devices/${device.toString("hex")}`;
}
