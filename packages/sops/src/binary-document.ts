import {
  type ConfigDocument,
  type ConfigFormat,
  type ConfigPath,
  type ConfigValue,
  type Leaf,
  type LeafKind,
  metadataKey,
  type SopsMetadataTree,
} from "./document.ts";
import { JsonDocument } from "./json/json-document.ts";
import { leafOfBytes } from "./leaf-bytes.ts";
import { checkLimit } from "./limits.ts";
import { invalidInput } from "./problems.ts";

/** Where SOPS keeps a file that is one value. */
const dataName = "data";

/**
 * Any file as one value: encrypted, it is JSON, `{"data": "ENC[...]", "sops": {...}}`. A text of such JSON is an encrypted
 * file, any other a plain one.
 */
export const binaryFormat: ConfigFormat = {
  name: "binary",
  encoding: "latin1",
  parse(text) {
    checkLimit("fileCharacters", text.length);
    return new BinaryDocument(text, encryptedIn(text));
  },
};

/** A file that is one value. */
class BinaryDocument implements ConfigDocument {
  /** The plain file; what it is when there is no `#sealed`. */
  #plain: string;
  #sealed: JsonDocument | undefined;

  constructor(text: string, sealed: JsonDocument | undefined) {
    this.#plain = sealed === undefined ? text : "";
    this.#sealed = sealed;
  }

  leaves(): readonly Leaf[] {
    const leaf = this.#sealed
      ? { kind: "str" as const, text: this.#ciphertext() }
      : leafOfBytes({ kind: "str", bytes: Buffer.from(this.#plain, "latin1") });
    return [{ path: [dataName], ...leaf, replace: (kind, text) => this.#replace(kind, text) }];
  }

  metadata(): unknown {
    return this.#sealed?.metadata();
  }

  setMetadata(metadata: SopsMetadataTree | undefined): void {
    if (metadata === undefined) {
      this.#sealed = undefined;
      return;
    }
    this.#sealed ??= sealedDocument(this.#plain);
    this.#sealed.setMetadata(metadata);
  }

  get(path: ConfigPath): ConfigValue | undefined {
    return path.length === 0 && this.#sealed === undefined ? this.#plain : this.#sealed?.get(path);
  }

  set(path: ConfigPath, value: ConfigValue): void {
    if (path.length > 0 || typeof value !== "string" || this.#sealed !== undefined) throw noEntries();
    this.#plain = value;
  }

  remove(): boolean {
    throw noEntries();
  }

  render(): string {
    return this.#sealed?.render() ?? this.#plain;
  }

  #ciphertext(): string {
    const value = this.#sealed?.get([dataName]);
    return typeof value === "string" ? value : "";
  }

  #replace(kind: LeafKind, text: string): void {
    this.#plain = kind === "bytes" ? text : Buffer.from(text, "utf8").toString("latin1");
    if (this.#sealed) this.#sealed.set([dataName], text);
  }
}

function sealedDocument(ciphertext: string): JsonDocument {
  return new JsonDocument(`{\n\t${JSON.stringify(dataName)}: ${JSON.stringify(ciphertext)}\n}\n`);
}

function encryptedIn(text: string): JsonDocument | undefined {
  if (!text.trimStart().startsWith("{") || !text.includes(`"${metadataKey}"`)) return undefined;
  try {
    const document = new JsonDocument(text);
    return document.metadata() === undefined || typeof document.get([dataName]) !== "string" ? undefined : document;
  } catch {
    return undefined;
  }
}

function noEntries() {
  return invalidInput("A binary file is one value: it has no entries to set or remove.");
}
