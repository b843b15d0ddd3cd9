import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import type { AuditHead } from "./audit-chain.ts";

/** The files beside the segments. */
export const checkpointsName = "checkpoints.jsonl";
export const checkpointKeyName = "checkpoint-key.pem";

/** A signed statement that the record `sequence` existed at `timeMs` and had this hash. */
export interface Checkpoint extends AuditHead {
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** Ed25519 (RFC 8032), 64 bytes in base64. */
  readonly signature: string;
}

/** Signs checkpoints, and how often. */
export type CheckpointSigner = {
  /** The public key as SubjectPublicKeyInfo in PEM, as Node and OpenSSL write it. */
  readonly publicKeyPem: string;
  /** A checkpoint is due after this many records, besides those at rotation and close. */
  readonly everyRecords: number;
} & (
  | { readonly signingKey: KeyObject }
  /** Signs bytes with an Ed25519 key kept elsewhere, such as in an HSM. Gives 64 bytes. */
  | { readonly sign: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array> }
);

/** A checkpoint's line is never longer than this, in bytes. */
export const maxCheckpointLineBytes = 512;

const domain = Buffer.from("coffer audit checkpoint v1\0", "latin1");

/** The bytes that a checkpoint's signature covers, as docs/AUDIT.md lays them down. */
export function checkpointBytes(head: AuditHead, timeMs: number): Buffer {
  const bytes = Buffer.alloc(domain.length + 8 + 32 + 8);
  domain.copy(bytes);
  bytes.writeBigUInt64BE(BigInt(head.sequence), domain.length);
  bytes.write(head.hash, domain.length + 8, 32, "base64");
  bytes.writeBigUInt64BE(BigInt(timeMs), domain.length + 8 + 32);
  return bytes;
}

/** Signs a checkpoint for a record. */
export async function signCheckpoint(signer: CheckpointSigner, head: AuditHead, timeMs: number): Promise<Checkpoint> {
  const bytes = checkpointBytes(head, timeMs);
  const signature = "sign" in signer ? await signer.sign(bytes) : sign(null, bytes, signer.signingKey);
  return { sequence: head.sequence, hash: head.hash, timeMs, signature: Buffer.from(signature).toString("base64") };
}

/** Whether a checkpoint was signed with the private key of `publicKey`. */
export function checkpointHolds(checkpoint: Checkpoint, publicKey: KeyObject): boolean {
  const bytes = checkpointBytes(checkpoint, checkpoint.timeMs);
  return verify(null, bytes, publicKey, Buffer.from(checkpoint.signature, "base64"));
}

/** A checkpoint's line, line feed included. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { sequence, hash, timeMs, signature } = checkpoint;
  return `${JSON.stringify({ sequence, hash, timeMs, signature })}\n`;
}

const linePattern =
  /^\{"sequence":([1-9][0-9]{0,14}),"hash":"([A-Za-z0-9+/]{43}=)","timeMs":(0|[1-9][0-9]{0,14}),"signature":"([A-Za-z0-9+/]{85}[AQgw]==)"\}$/;

/** @returns undefined when the line, given without its line feed, is not exactly as `formatCheckpoint` writes it */
export function parseCheckpoint(line: string): Checkpoint | undefined {
  const found = linePattern.exec(line);
  if (found === null) return undefined;
  const [, sequence, hash, timeMs, signature] = found as unknown as [string, string, string, string, string];
  return { sequence: Number(sequence), hash, timeMs: Number(timeMs), signature };
}

/** @returns undefined unless `pem` is an Ed25519 public key in the one form that Node and OpenSSL write */
export function parseCheckpointKey(pem: string): KeyObject | undefined {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    return undefined;
  }
  // Node makes a public key of a private one too.
  const written = key.asymmetricKeyType === "ed25519" ? key.export({ type: "spki", format: "pem" }) : undefined;
  return written === pem ? key : undefined;
}
