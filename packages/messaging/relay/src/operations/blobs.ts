import type { OperationAnswer, OperationInput, RelayContext } from "../context.ts";
import { checkCurrent } from "../current-device.ts";
import { RelayRefusal } from "../problem.ts";
import { textOf } from "../read-json.ts";

// 32 random bytes: who knows the id may fetch the blob, which is ciphertext.
const blobIdPattern = /^[A-Za-z0-9_-]{43}$/;
const partBytes = 1 << 20;

/** `PUT /v1/blobs/{blobId}`: octets, written once. */
export async function putBlob(context: RelayContext, { path, body, caller }: OperationInput): Promise<OperationAnswer> {
  const { database, cipher, limits, nowMs } = context;
  const blob = cipher.lookup("blob", textOf(path[0], "the blob's id", 43, blobIdPattern));
  const { device } = caller!;
  if (body.length > limits.blobBytes)
    throw new RelayRefusal("TooLarge", `A blob has at most ${limits.blobBytes} bytes.`);
  await database.write(() => {
    checkCurrent(context, caller!);
    const added = database.run(
      "insert into blobs (blob, device, bytes, stored_ms) values (?, ?, ?, ?) on conflict do nothing",
      blob,
      device,
      body.length,
      nowMs(),
    );
    if (added === 0) throw new RelayRefusal("AlreadyExists", "A blob is written once.");
    const { sum } = database.get<{ sum: number }>(
      "select coalesce(sum(max(bytes, ?)), 0) as sum from blobs where device = ?",
      limits.blobLeastBytes,
      device,
    )!;
    if (sum > limits.blobBytesPerDevice) {
      throw new RelayRefusal("TooLarge", `A device stores at most ${limits.blobBytesPerDevice} bytes of blobs.`);
    }
    for (let part = 0; part * partBytes < body.length; part++) {
      const octets = body.subarray(part * partBytes, (part + 1) * partBytes);
      const sealed = cipher.seal(partPlace(blob, part), octets);
      database.run("insert into blob_parts (blob, part, octets) values (?, ?, ?)", blob, part, sealed);
    }
  });
  return { status: 201, json: { bytes: body.length } };
}

/** `GET /v1/blobs/{blobId}`. */
export async function getBlob({ database, cipher }: RelayContext, { path }: OperationInput): Promise<OperationAnswer> {
  const blob = cipher.lookup("blob", textOf(path[0], "the blob's id", 43, blobIdPattern));
  const row = database.get<{ bytes: number }>("select bytes from blobs where blob = ?", blob);
  if (row === undefined) throw new RelayRefusal("NotFound", "There is no such blob, or it was deleted after its time.");
  const parts = database.all<{ octets: Uint8Array }>(
    "select octets from blob_parts where blob = ? order by part",
    blob,
  );
  return {
    status: 200,
    octets: Buffer.concat(parts.map(({ octets }, part) => cipher.open(partPlace(blob, part), octets))),
  };
}

function partPlace(blob: Buffer, part: number): string {
  return `blobs/${blob.toString("hex")}/${part}`;
}
