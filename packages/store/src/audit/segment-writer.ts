import { join } from "node:path";
import type { AuditHead } from "./audit-chain.ts";
import type { AuditDisk, AuditFile } from "./audit-disk.ts";
import { AuditFault } from "./audit-errors.ts";
import { readRange, readTail } from "./audit-tail.ts";
import { segmentName } from "./segments.ts";

const copyBytes = 1024 * 1024;
/** Up to this many bytes, copying them to the page cache costs less than handing them to the thread pool. */
const appendNowBytes = 256 * 1024;

/**
 * The segment that is being appended to. It knows the length up to which every record was answered for; whatever a
 * failed write left beyond that is cut off by `recover` before anything else is appended.
 */
export class SegmentWriter {
  readonly #disk: AuditDisk;
  readonly #directory: string;
  #name: string;
  #file: AuditFile;
  #bytes: number;

  private constructor(disk: AuditDisk, directory: string, name: string, file: AuditFile, bytes: number) {
    this.#disk = disk;
    this.#directory = directory;
    this.#name = name;
    this.#file = file;
    this.#bytes = bytes;
  }

  /** Starts the segment of the log's first record. */
  static async create(disk: AuditDisk, directory: string): Promise<SegmentWriter> {
    const name = segmentName(1);
    const file = await createFile(disk, directory, name);
    return new SegmentWriter(disk, directory, name, file, 0);
  }

  /** Goes on with a segment, cutting off what follows `bytes`; what it holds is synced. */
  static async resume(disk: AuditDisk, directory: string, name: string, bytes: number): Promise<SegmentWriter> {
    return new SegmentWriter(disk, directory, name, await openCut(disk, join(directory, name), bytes), bytes);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Appends lines, synced when `durable`. When it throws, `recover` must come before the next call. */
  async append(lines: Uint8Array, durable: boolean): Promise<void> {
    if (!durable && lines.length <= appendNowBytes) this.#file.appendNow(lines);
    else await this.#file.append(lines);
    if (durable) await this.#file.sync();
    this.#bytes += lines.length;
  }

  async sync(): Promise<void> {
    await this.#file.sync();
  }

  /**
   * Checks that the file is still the one in the directory and as long as we left it.
   *
   * @throws AuditFault when it was deleted, moved, replaced, cut, or written to by something else
   */
  async inspect(): Promise<void> {
    const [open, named] = await Promise.all([this.#file.stat(), this.#disk.stat(this.#path(this.#name))]);
    if (named !== undefined && (named.inode !== open.inode || named.device !== open.device)) {
      throw new AuditFault(`The audit file ${this.#name} was replaced by another file while in use.`);
    }
    if (open.links === 0) throw new AuditFault(`The audit file ${this.#name} was deleted while in use.`);
    if (named === undefined) throw new AuditFault(`The audit file ${this.#name} was moved away while in use.`);
    if (open.bytes !== this.#bytes) {
      throw new AuditFault(`The audit file ${this.#name} was changed by something else while in use.`);
    }
  }

  /** Leaves the segment, synced, for a new one that begins after `head`. */
  async rotate(head: AuditHead): Promise<void> {
    await this.inspect();
    await this.#file.sync();
    const name = segmentName(head.sequence + 1);
    const file = await createFile(this.#disk, this.#directory, name);
    await this.#replace(name, file, 0);
  }

  /**
   * After a failure: opens the file anew and cuts it to what was answered for, so that the chain goes on after `head`.
   * A file that was deleted while open is written back from its open descriptor.
   *
   * @throws AuditFault when `head` is not where the file's answered records end
   */
  async recover(head: AuditHead): Promise<void> {
    const nextName = segmentName(head.sequence + 1);
    if (nextName !== this.#name && (await this.#disk.stat(this.#path(nextName))) !== undefined) {
      // A rotation failed after it had made the file.
      await this.#disk.syncDirectory(this.#directory);
      return this.#replace(nextName, await openCut(this.#disk, this.#path(nextName), 0), 0);
    }
    if ((await this.#disk.stat(this.#path(this.#name))) === undefined) await this.#restoreDeleted();
    const file = await this.#disk.open(this.#path(this.#name), "existing");
    try {
      const ends = await endsAt(file, this.#bytes, head);
      if (!ends) throw new AuditFault(`The audit file ${this.#name} lost records; put back the file as it was.`);
      await cut(file, this.#bytes);
    } catch (error) {
      await file.close();
      throw error;
    }
    await this.#replace(this.#name, file, this.#bytes);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #restoreDeleted(): Promise<void> {
    const open = await this.#file.stat();
    if (open.links > 0) throw new AuditFault(`The audit file ${this.#name} was moved away; move it back.`);
    const path = this.#path(`${this.#name}.restoring`);
    const leftover = await this.#disk.stat(path);
    const copy = leftover === undefined ? await this.#disk.open(path, "create") : await openCut(this.#disk, path, 0);
    try {
      for (let at = 0; at < this.#bytes; at += copyBytes) {
        await copy.append(await readRange(this.#file, at, Math.min(at + copyBytes, this.#bytes)));
      }
      await copy.sync();
    } finally {
      await copy.close();
    }
    await this.#disk.rename(path, this.#path(this.#name));
    await this.#disk.syncDirectory(this.#directory);
  }

  async #replace(name: string, file: AuditFile, bytes: number): Promise<void> {
    const old = this.#file;
    this.#name = name;
    this.#file = file;
    this.#bytes = bytes;
    // What it held is synced or was never answered for.
    await old.close().catch(() => undefined);
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

async function createFile(disk: AuditDisk, directory: string, name: string): Promise<AuditFile> {
  const file = await disk.open(join(directory, name), "create");
  try {
    await disk.syncDirectory(directory);
  } catch (error) {
    await file.close();
    throw error;
  }
  return file;
}

async function openCut(disk: AuditDisk, path: string, bytes: number): Promise<AuditFile> {
  const file = await disk.open(path, "existing");
  try {
    await cut(file, bytes);
  } catch (error) {
    await file.close();
    throw error;
  }
  return file;
}

async function cut(file: AuditFile, bytes: number): Promise<void> {
  if ((await file.stat()).bytes !== bytes) await file.truncate(bytes);
  await file.sync();
}

/** Whether a segment's first `bytes` bytes end with the record `head`; an empty one follows it by its name. */
async function endsAt(file: AuditFile, bytes: number, head: AuditHead): Promise<boolean> {
  if ((await file.stat()).bytes < bytes) return false;
  if (bytes === 0) return true;
  const tail = await readTail(file, bytes, 0);
  return tail?.bytes === bytes && tail.head?.sequence === head.sequence && tail.head.hash === head.hash;
}
