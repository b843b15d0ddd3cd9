import { createPublicKey, type KeyObject } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AuditHead, genesis } from "./audit-chain.ts";
import type { AuditDisk } from "./audit-disk.ts";
import { AuditFault, AuditTampered, isMissing } from "./audit-errors.ts";
import { readRange } from "./audit-tail.ts";
import {
  type Checkpoint,
  type CheckpointSigner,
  checkpointHolds,
  checkpointKeyName,
  checkpointsName,
  formatCheckpoint,
  maxCheckpointLineBytes,
  parseCheckpoint,
  parseCheckpointKey,
  signCheckpoint,
} from "./checkpoints.ts";

const lineFeed = 0x0a;

/** The file of signed checkpoints. It is open only while one is appended. */
export class CheckpointFile {
  readonly #disk: AuditDisk;
  readonly #directory: string;
  readonly #signer: CheckpointSigner;
  #last: Checkpoint | undefined;
  #bytes: number;

  private constructor(
    disk: AuditDisk,
    directory: string,
    signer: CheckpointSigner,
    last: Checkpoint | undefined,
    bytes: number,
  ) {
    this.#disk = disk;
    this.#directory = directory;
    this.#signer = signer;
    this.#last = last;
    this.#bytes = bytes;
  }

  /**
   * Reads the last checkpoint; a torn last line is dropped when the next is appended.
   *
   * @throws AuditTampered when the last checkpoint does not hold, or the directory's public key is another
   * @throws Error when the signing key and the public key do not belong together
   */
  static async open(disk: AuditDisk, directory: string, signer: CheckpointSigner): Promise<CheckpointFile> {
    const publicKey = await checkSigner(signer);
    await keepKey(directory, publicKey);
    const path = join(directory, checkpointsName);
    const found = await disk.stat(path);
    if (found === undefined) return new CheckpointFile(disk, directory, signer, undefined, 0);
    const file = await disk.open(path, "existing");
    try {
      const from = Math.max(0, found.bytes - 2 * maxCheckpointLineBytes);
      const tail = await readRange(file, from, found.bytes);
      const end = tail.lastIndexOf(lineFeed);
      if (end === -1 && from > 0) throw new AuditTampered(`${checkpointsName} ends in damage.`);
      if (end === -1) return new CheckpointFile(disk, directory, signer, undefined, 0);
      const start = end === 0 ? 0 : tail.lastIndexOf(lineFeed, end - 1) + 1;
      const last = parseCheckpoint(tail.toString("latin1", start, end));
      if (last === undefined || !checkpointHolds(last, publicKey)) {
        throw new AuditTampered(`The last checkpoint in ${checkpointsName} is not as the server wrote it.`);
      }
      return new CheckpointFile(disk, directory, signer, last, from + end + 1);
    } finally {
      await file.close();
    }
  }

  get last(): Checkpoint | undefined {
    return this.#last;
  }

  /** Signs a checkpoint for a durable record and appends it, synced; after a failure it may be called again. */
  async append(head: AuditHead, timeMs: number): Promise<void> {
    const checkpoint = await signCheckpoint(this.#signer, head, timeMs);
    const line = Buffer.from(formatCheckpoint(checkpoint), "latin1");
    const path = join(this.#directory, checkpointsName);
    const created = this.#bytes === 0 && (await this.#disk.stat(path)) === undefined;
    const file = await this.#disk.open(path, created ? "create" : "existing");
    try {
      const { bytes } = await file.stat();
      if (bytes < this.#bytes)
        throw new AuditFault("The audit log's checkpoints were cut; put back the file as it was.");
      if (bytes > this.#bytes) await file.truncate(this.#bytes);
      await file.append(line);
      await file.sync();
    } finally {
      await file.close();
    }
    if (this.#bytes === 0) await this.#disk.syncDirectory(this.#directory);
    this.#bytes += line.length;
    this.#last = checkpoint;
  }
}

async function checkSigner(signer: CheckpointSigner): Promise<KeyObject> {
  const publicKey = createPublicKey(signer.publicKeyPem);
  const probe = await signCheckpoint(signer, genesis, 0);
  if (publicKey.asymmetricKeyType !== "ed25519" || !checkpointHolds(probe, publicKey)) {
    throw new Error("the audit checkpoints' signing key is not the Ed25519 key that their public key belongs to");
  }
  return publicKey;
}

/** Lays the public key beside the log, for auditors; refuses a log that was signed with another. */
async function keepKey(directory: string, publicKey: KeyObject): Promise<void> {
  const path = join(directory, checkpointKeyName);
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  let kept: string;
  try {
    kept = await readFile(path, "latin1");
  } catch (error) {
    if (!isMissing(error)) throw error;
    // A crash must not leave half a key under the name.
    await writeFile(`${path}.new`, pem, { mode: 0o600, flush: true });
    await rename(`${path}.new`, path);
    return;
  }
  if (parseCheckpointKey(kept)?.equals(publicKey) !== true) {
    throw new AuditTampered(`${checkpointKeyName} is not the configured public key; this log was signed with another.`);
  }
}
