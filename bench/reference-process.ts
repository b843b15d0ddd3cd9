import type { ReferenceRequest } from "./reference.ts";
import { referenceOperation } from "./reference-operations.ts";

// The other side of reference.ts: the operation alone, in a process of its own, on the same Node and OpenSSL.
process.on("message", ({ reference, calls }: ReferenceRequest) => {
  const run = referenceOperation(reference);
  for (let call = 0; call < calls / 10; call++) run();
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call++) run();
  const { user, system } = process.cpuUsage(before);
  process.send?.((user + system) / calls);
});
