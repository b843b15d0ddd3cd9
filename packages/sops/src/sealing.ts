import type { ConfigDocument, Leaf, LeafKind } from "./document.ts";
import { bytesOfLeaf } from "./leaf-bytes.ts";
import { MacDigest } from "./mac.ts";
import { invalidInput, pathText } from "./problems.ts";
import { type EncryptionRule, leafSelector } from "./rules.ts";
import type { ValueCipher } from "./value-cipher.ts";

/** What SOPS binds a value's ciphertext to. */
export function bindingOf(path: readonly string[]): string {
  return `${path.join(":")}:`;
}

/**
 * The ciphertexts that a file had, by what they hold and where: an unchanged value keeps its own, so that a change of one
 * value is a change of one line. The IV, the plaintext and the binding being the same, nothing new is encrypted.
 */
export class KnownCiphertexts {
  readonly #known = new Map<string, string[]>();

  add(leaf: { readonly binding: string; readonly kind: LeafKind; readonly text: string }, ciphertext: string): void {
    const key = keyOf(leaf);
    const list = this.#known.get(key);
    if (list === undefined) this.#known.set(key, [ciphertext]);
    else list.push(ciphertext);
  }

  /** For one sealing: equal values of one list get each their own. */
  taker(): (leaf: { readonly binding: string; readonly kind: LeafKind; readonly text: string }) => string | undefined {
    const taken = new Map<string, number>();
    return (leaf) => {
      const key = keyOf(leaf);
      const index = taken.get(key) ?? 0;
      taken.set(key, index + 1);
      return this.#known.get(key)?.[index];
    };
  }
}

function keyOf({ binding, kind, text }: { binding: string; kind: LeafKind; text: string }): string {
  return JSON.stringify([binding, kind, text]);
}

/** How values are chosen, and which of them the MAC counts. */
export interface SealingRules {
  readonly rule: EncryptionRule;
  readonly macOnlyEncrypted: boolean;
}

/**
 * Encrypts a document's values in place.
 *
 * @returns the MAC, in hexadecimal
 * @throws EnvelopeError InvalidInput for a value that SOPS cannot hold; then nothing was changed
 */
export function sealLeaves(
  document: ConfigDocument,
  { rule, macOnlyEncrypted }: SealingRules,
  cipher: ValueCipher,
  known: KnownCiphertexts,
): string {
  const isSelected = leafSelector(rule);
  const take = known.taker();
  const digest = new MacDigest(macOnlyEncrypted);
  const sealed: { readonly leaf: Leaf; readonly ciphertext: string }[] = [];
  for (const leaf of document.leaves()) {
    const selected = isSelected(leaf);
    if (selected && leaf.unfit !== undefined) throw invalidInput(`${pathText(leaf.path)} ${leaf.unfit}`);
    const value = { kind: leaf.kind, bytes: bytesOfLeaf(leaf) };
    digest.add(value, selected);
    if (!selected || value.bytes.length === 0) continue;
    const binding = bindingOf(leaf.path);
    const ciphertext = take({ binding, kind: leaf.kind, text: leaf.text }) ?? cipher.seal(value, binding);
    if (
      leaf.kind === "comment" &&
      rule.name === "unencrypted_comment_regex" &&
      !isSelected({ ...leaf, text: ciphertext })
    ) {
      throw invalidInput(`The rule ${rule.name} ${rule.pattern} also matches encrypted comments: choose another.`);
    }
    sealed.push({ leaf, ciphertext });
  }
  for (const { leaf, ciphertext } of sealed) leaf.replace(leaf.kind === "comment" ? "comment" : "str", ciphertext);
  return digest.finish();
}
