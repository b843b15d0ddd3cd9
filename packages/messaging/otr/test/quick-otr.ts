import library from "otr";
import { type OtrProtocol, otr } from "../src/index.ts";

/** OTR with keys of one group, which the library finds once in a process. */
export function quickOtr(): OtrProtocol {
  return otr({ acceptLegacy: true, generateKey: async () => new library.DSA().packPrivate() });
}
