import { EnvelopeError, type PlaintextDataKey } from "@coffer/envelope";
import { checkGroups, generateDataKey, type KeyGroups, unwrapDataKey, wrapDataKey } from "./data-key.ts";
import type { ConfigDocument, SopsMetadataTree } from "./document.ts";
import type { KeyServices } from "./key-services.ts";
import { isMac, sealMac } from "./mac.ts";
import { metadataTree, parseMetadata, type SopsMetadata, sopsVersion } from "./metadata.ts";
import { openLeaves } from "./opening.ts";
import { invalidInput } from "./problems.ts";
import type { RecipientGroup } from "./recipients.ts";
import { defaultRule, type EncryptionRule, leafSelector } from "./rules.ts";
import { KnownCiphertexts, sealLeaves } from "./sealing.ts";
import { ValueCipher } from "./value-cipher.ts";

/** Where keys are, and what time it is. */
export interface SopsContext {
  readonly services: KeyServices;
  /** Milliseconds since 1970, for `lastmodified` and `created_at`. */
  readonly nowMs: () => number;
}

/** How to encrypt a new file. */
export interface EncryptDocumentOptions extends SopsContext, KeyGroups {
  /** Default: all values but those below a name that ends in `_unencrypted`. */
  readonly rule?: EncryptionRule | undefined;
  /** Whether values that stay plain may be changed without SOPS. Default: no. */
  readonly macOnlyEncrypted?: boolean | undefined;
}

/** How to read a file. */
export interface OpenDocumentOptions {
  readonly services: KeyServices;
  /**
   * Reads a file whose MAC is wrong, for repairing it: values may have been swapped in a list, left out or be old ones.
   * Default: no.
   */
  readonly ignoreMac?: boolean | undefined;
}

/**
 * Encrypts a plain document in place, under a new data key: one call for each recipient.
 *
 * @throws EnvelopeError InvalidInput for a document that has SOPS's metadata, or a value that SOPS cannot hold;
 *   KeyUnavailable for a recipient that cannot be wrapped for. The document is then as it was.
 */
export async function encryptDocument(document: ConfigDocument, options: EncryptDocumentOptions): Promise<void> {
  checkPlain(document);
  const rule = options.rule ?? defaultRule;
  leafSelector(rule);
  checkGroups(options);
  using dataKey = generateDataKey();
  const groups = await wrapDataKey(dataKey, options, options.services, timeText(options.nowMs()));
  const settings = {
    groups,
    ...(groups.length > 1 && { shamirThreshold: options.shamirThreshold ?? groups.length }),
    macOnlyEncrypted: options.macOnlyEncrypted ?? false,
    rule,
    version: sopsVersion,
  };
  seal(document, settings, new ValueCipher(dataKey), new KnownCiphertexts(), options.nowMs());
}

/**
 * Decrypts a document in place, and checks its MAC first. One call decrypts the data key when the first recipient's key can.
 *
 * @returns what it takes to encrypt it again; the caller disposes of it
 * @throws EnvelopeError InvalidInput for a document without metadata; MessageMalformed; KeyUnavailable, with a line for each
 *   recipient; DecryptionFailed for a value or a MAC that is wrong. The document is then as it was.
 */
export async function openDocument(document: ConfigDocument, options: OpenDocumentOptions): Promise<OpenDocument> {
  const { metadata, tree } = metadataOf(document);
  const dataKey = await unwrapDataKey(metadata, options.services);
  try {
    const cipher = new ValueCipher(dataKey);
    const leaves = openLeaves(document, metadata, cipher);
    if (options.ignoreMac !== true && !isMac(cipher, metadata.mac, leaves.mac, metadata.lastModified)) throw macWrong();
    leaves.apply();
    document.setMetadata(undefined);
    return new OpenDocument(document, metadata, tree, dataKey, leaves);
  } catch (error) {
    dataKey.dispose();
    throw error;
  }
}

/** Decrypts a document in place. @see openDocument */
export async function decryptDocument(document: ConfigDocument, options: OpenDocumentOptions): Promise<void> {
  (await openDocument(document, options)).dispose();
}

/** A decrypted document, and what it takes to encrypt it again. */
export class OpenDocument implements Disposable {
  /** The document that was opened, now plain: to read, or to change and seal. */
  readonly document: ConfigDocument;
  readonly metadata: SopsMetadata;
  /** Encrypted comments that are not of this file or place, and stayed as they are. */
  readonly strangeComments: number;
  readonly #tree: SopsMetadataTree;
  readonly #dataKey: PlaintextDataKey;
  readonly #known: KnownCiphertexts;

  constructor(
    document: ConfigDocument,
    metadata: SopsMetadata,
    tree: SopsMetadataTree,
    dataKey: PlaintextDataKey,
    leaves: { readonly known: KnownCiphertexts; readonly strangeComments: number },
  ) {
    this.document = document;
    this.metadata = metadata;
    this.strangeComments = leaves.strangeComments;
    this.#tree = tree;
    this.#dataKey = dataKey;
    this.#known = leaves.known;
  }

  /**
   * Encrypts a plain document in place, under the same data key, with the same rule and recipients and no call: this one,
   * changed, or one that was parsed of an edited text. Values that did not change keep their ciphertexts.
   *
   * @throws EnvelopeError InvalidInput
   */
  seal(document: ConfigDocument, nowMs: number): void {
    checkPlain(document);
    seal(document, this.metadata, new ValueCipher(this.#dataKey), this.#known, nowMs, this.#tree);
  }

  /**
   * Encrypts a plain document in place under a new data key: one call for each recipient.
   *
   * @param keyGroups other recipients than the file's
   * @throws EnvelopeError InvalidInput, KeyUnavailable
   */
  async sealRotated(document: ConfigDocument, context: SopsContext, keyGroups?: KeyGroups): Promise<void> {
    checkPlain(document);
    const wanted = keyGroups ?? this.metadata;
    using dataKey = generateDataKey();
    const groups = await wrapDataKey(dataKey, wanted, context.services, timeText(context.nowMs()));
    const settings = {
      ...this.metadata,
      groups,
      shamirThreshold: groups.length > 1 ? wanted.shamirThreshold : undefined,
    };
    seal(document, settings, new ValueCipher(dataKey), new KnownCiphertexts(), context.nowMs(), this.#tree);
  }

  dispose(): void {
    this.#dataKey.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The metadata of an encrypted document. @throws EnvelopeError InvalidInput, MessageMalformed, LimitExceeded */
export function readMetadata(document: ConfigDocument): SopsMetadata {
  return metadataOf(document).metadata;
}

/** The groups of an encrypted document, for `updateRecipients`. @throws EnvelopeError as `readMetadata` */
export function recipientGroups(document: ConfigDocument): readonly RecipientGroup[] {
  return readMetadata(document).groups;
}

export function metadataOf(document: ConfigDocument): {
  readonly metadata: SopsMetadata;
  readonly tree: SopsMetadataTree;
} {
  const tree = document.metadata();
  if (tree === undefined) throw invalidInput("The file is not encrypted: it has no sops metadata.");
  return { metadata: parseMetadata(tree), tree: tree as SopsMetadataTree };
}

/** RFC 3339 in whole seconds, as SOPS writes times. */
export function timeText(nowMs: number): string {
  return new Date(nowMs).toISOString().replace(/\.\d+Z$/, "Z");
}

function seal(
  document: ConfigDocument,
  settings: Omit<SopsMetadata, "lastModified" | "mac">,
  cipher: ValueCipher,
  known: KnownCiphertexts,
  nowMs: number,
  tree?: SopsMetadataTree,
): void {
  const lastModified = timeText(nowMs);
  const mac = sealMac(cipher, sealLeaves(document, settings, cipher, known), lastModified);
  document.setMetadata(metadataTree({ ...settings, lastModified, mac }, tree));
}

function checkPlain(document: ConfigDocument): void {
  if (document.metadata() !== undefined) {
    throw invalidInput("The file is encrypted already, or has an entry of its own under sops: rename that.");
  }
}

function macWrong(): EnvelopeError {
  return new EnvelopeError(
    "DecryptionFailed",
    "The file was changed without SOPS: its MAC is not that of its values. Take an older version, or repair it with the MAC ignored.",
  );
}
