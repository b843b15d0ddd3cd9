import { createHash, randomBytes } from "node:crypto";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CofferRest } from "../shared/coffer-rest.ts";
import { decryptFile, encryptFile } from "./envelope.ts";

// Envelope encryption of a large file; only the data key goes to the server. make client-usecase3
const mebibytes = Number(process.env["EXAMPLE_MEBIBYTES"] ?? 64);
const keyId = "large-files";
const coffer = new CofferRest();
await coffer.ensureKey(keyId);

async function digest(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(path)) hash.update(part);
  return hash.digest("hex");
}

const directory = mkdtempSync(join(tmpdir(), "coffer-large-"));
try {
  const [original, encrypted, decrypted] = ["video.raw", "video.enc", "video.again"].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  const file = await open(original, "w");
  for (let count = 0; count < mebibytes; count += 1) await file.write(randomBytes(1_048_576));
  await file.close();

  await encryptFile(coffer, keyId, original, encrypted);
  console.log(`encrypted ${mebibytes} MiB into ${(await stat(encrypted)).size} bytes`);
  await decryptFile(coffer, encrypted, decrypted);
  const same = (await digest(original)) === (await digest(decrypted));
  console.log(`decrypted: ${same ? "the same file" : "another file"}`);
  if (!same) throw new Error("the file did not come back");

  const changed = await open(encrypted, "r+");
  await changed.write(Buffer.from([0xff]), 0, 1, 1_000_000);
  await changed.close();
  const refused = await decryptFile(coffer, encrypted, decrypted).then(
    () => false,
    () => true,
  );
  console.log(`decrypt a changed file: ${refused ? "refused" : "accepted"}`);
  if (!refused) throw new Error("a changed file was accepted");
} finally {
  rmSync(directory, { recursive: true });
}
