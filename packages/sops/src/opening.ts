import { EnvelopeError } from "@coffer/envelope";
import { canonicalText } from "./canonical-text.ts";
import type { ConfigDocument, Leaf, LeafKind } from "./document.ts";
import { bytesOfLeaf, leafOfBytes } from "./leaf-bytes.ts";
import { MacDigest } from "./mac.ts";
import { pathText } from "./problems.ts";
import { leafSelector } from "./rules.ts";
import { bindingOf, KnownCiphertexts, type SealingRules } from "./sealing.ts";
import { isEncrypted, type ValueCipher } from "./value-cipher.ts";

/** A document's plaintext, not yet in it. */
export interface OpenedLeaves {
  /** The MAC of what was decrypted, in hexadecimal. */
  readonly mac: string;
  readonly known: KnownCiphertexts;
  /** Encrypted comments that are not of this file or place: they stay as they are, as in SOPS. */
  readonly strangeComments: number;
  /** Puts the plaintext into the document. Only once the MAC was right. */
  apply(): void;
}

interface Opened {
  readonly kind: LeafKind;
  readonly text: string;
}

/** Decrypts a document's values. @throws EnvelopeError DecryptionFailed, naming the path */
export function openLeaves(document: ConfigDocument, rules: SealingRules, cipher: ValueCipher): OpenedLeaves {
  const isSelected = leafSelector(rules.rule);
  const digest = new MacDigest(rules.macOnlyEncrypted);
  const known = new KnownCiphertexts();
  const plain: { readonly leaf: Leaf; readonly opened: Opened }[] = [];
  let strangeComments = 0;
  for (const leaf of document.leaves()) {
    const selected = isSelected(leaf);
    if (!selected || leaf.text === "") {
      digest.add({ kind: leaf.kind, bytes: bytesOfLeaf(leaf) }, selected);
      continue;
    }
    const found = leaf.kind === "comment" ? openComment(leaf, cipher) : openValue(leaf, cipher);
    if (found === undefined) {
      if (isEncrypted(leaf.text)) strangeComments++;
      continue;
    }
    digest.add({ kind: found.kind, bytes: bytesOfLeaf(found) }, selected);
    known.add({ binding: bindingOf(leaf.path), ...found }, leaf.text);
    plain.push({ leaf, opened: found });
  }
  return {
    mac: digest.finish(),
    known,
    strangeComments,
    apply() {
      for (const { leaf, opened } of plain) leaf.replace(opened.kind, opened.text);
    },
  };
}

function openValue(leaf: Leaf, cipher: ValueCipher): Opened {
  if (leaf.kind !== "str" || !isEncrypted(leaf.text)) {
    throw new EnvelopeError(
      "DecryptionFailed",
      `${pathText(leaf.path)} is not encrypted, and by the file's rule it is: it was changed without SOPS.`,
    );
  }
  const opened = open(leaf.text, leaf.path, cipher);
  // SOPS encrypts a comment in a list as an item, which is a comment again when it is decrypted.
  if (opened === undefined) {
    throw new EnvelopeError(
      "DecryptionFailed",
      `${pathText(leaf.path)} cannot be decrypted: it was changed, moved, or encrypted for another file.`,
    );
  }
  return opened;
}

/** SOPS of before 3.0 left comments as they were, and so does SOPS with what it cannot decrypt. */
function openComment(leaf: Leaf, cipher: ValueCipher): Opened | undefined {
  for (const path of [leaf.path, ...(leaf.otherPaths ?? [])]) {
    const opened = open(leaf.text, path, cipher);
    if (opened?.kind === "comment") return opened;
  }
  return undefined;
}

function open(text: string, path: readonly string[], cipher: ValueCipher): Opened | undefined {
  const value = cipher.open(text, bindingOf(path));
  if (value === undefined) return undefined;
  const leaf = leafOfBytes(value);
  const canonical = canonicalText(leaf.kind, leaf.text);
  return canonical === undefined ? undefined : { kind: leaf.kind, text: canonical };
}
