import { parentPort } from "node:worker_threads";
import type { SignatureReply, SignatureRequest } from "./messages.ts";
import { schemes } from "./schemes.ts";

parentPort?.on("message", (request: SignatureRequest) => {
  const reply: SignatureReply = { id: request.id, result: run(request) };
  parentPort?.postMessage(reply);
});

function run({ scheme, key, bytes, signature }: SignatureRequest): SignatureReply["result"] {
  try {
    const { sign, verify } = schemes[scheme];
    return signature === undefined ? new Uint8Array(sign(key, bytes)) : verify(key, bytes, signature);
  } catch {
    return undefined;
  }
}
