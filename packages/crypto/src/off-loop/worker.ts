import { parentPort } from "node:worker_threads";
import { signWithOpenssl, verifyWithOpenssl } from "../openssl/evp-signatures.ts";
import type { SignatureReply, SignatureRequest } from "./messages.ts";
import { schemes } from "./schemes.ts";

parentPort?.on("message", (request: SignatureRequest) => {
  const reply: SignatureReply = { id: request.id, result: run(request) };
  parentPort?.postMessage(reply);
});

function run({ work, bytes, signature }: SignatureRequest): SignatureReply["result"] {
  try {
    return signature === undefined ? new Uint8Array(sign(work, bytes)) : verify(work, bytes, signature);
  } catch {
    return undefined;
  }
}

function sign(work: SignatureRequest["work"], bytes: Uint8Array): Uint8Array {
  if (work.by === "openssl") return signWithOpenssl(work.scheme, work.key, bytes);
  return schemes[work.scheme].sign(work.key, bytes);
}

function verify(work: SignatureRequest["work"], bytes: Uint8Array, signature: Uint8Array): boolean {
  if (work.by === "openssl") return verifyWithOpenssl(work.scheme, work.key, bytes, signature);
  return schemes[work.scheme].verify(work.key, bytes, signature);
}
