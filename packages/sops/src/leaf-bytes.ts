import { isUtf8 } from "node:buffer";
import type { Leaf, LeafKind } from "./document.ts";
import type { SealedValue } from "./value-cipher.ts";

/** What SOPS encrypts of a leaf, and counts in its MAC. */
export function bytesOfLeaf({ kind, text }: Pick<Leaf, "kind" | "text">): Buffer {
  return Buffer.from(text, kind === "bytes" ? "latin1" : "utf8");
}

/** What a document shows of a decrypted value: strings that are text as text, others byte by byte. */
export function leafOfBytes({ kind, bytes }: SealedValue): { readonly kind: LeafKind; readonly text: string } {
  if (kind === "str" || kind === "bytes") {
    return isUtf8(bytes)
      ? { kind: "str", text: bytes.toString("utf8") }
      : { kind: "bytes", text: bytes.toString("latin1") };
  }
  return { kind, text: bytes.toString("utf8") };
}
