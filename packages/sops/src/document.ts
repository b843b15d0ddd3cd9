/**
 * What kind of value a leaf is, by the names that SOPS writes as `type:`. `bytes` is a string that is no text: its `text`
 * has a character for each byte, U+0000 to U+00FF; SOPS writes it as `str`.
 */
export type LeafKind = "str" | "int" | "float" | "bool" | "bytes" | "time" | "comment";

/** A key of a map, or the position in a list. */
export type ConfigPath = readonly (string | number)[];

/** A value as programs have it. Whole numbers are `bigint`, so that 64 bits survive; points in time are their text. */
export type ConfigValue =
  | string
  | bigint
  | number
  | boolean
  | null
  | readonly ConfigValue[]
  | { readonly [name: string]: ConfigValue }
  | ReadonlyMap<string, ConfigValue>;

/** A value, or a comment, that can be encrypted. */
export interface Leaf {
  /**
   * The names of the maps' keys from the top to here; lists add nothing, so that a list's values share one path. A
   * comment's path is that of the map or list it stands in. SOPS binds a ciphertext to it.
   */
  readonly path: readonly string[];
  readonly kind: LeafKind;
  /**
   * What SOPS encrypts and what its MAC counts: a string as it is, `True`, a number as Go writes it, a comment without
   * its mark. Of an encrypted leaf it is `ENC[...]`, and the kind `str` or `comment`.
   */
  readonly text: string;
  /**
   * The comments that hold for this leaf, for the rules by comment: those right before it, and right before each map
   * and list it is in; not the leaf itself.
   */
  readonly comments?: readonly string[];
  /** A comment's other possible paths: formats leave open which map or list one between two belongs to. */
  readonly otherPaths?: readonly (readonly string[])[];
  /** Why encrypting it would lose something, such as digits of a number beyond 64 bits; the end of a sentence. */
  readonly unfit?: string;
  /** Puts another value in its place. What stands around it stays as it is. */
  replace(kind: LeafKind, text: string): void;
}

/** A parsed file. Changing it changes no line that the change does not concern. */
export interface ConfigDocument {
  /** All leaves in the file's order, without the metadata. Leaves of before a `set`, `remove` or `setMetadata` are stale. */
  leaves(): readonly Leaf[];
  /**
   * SOPS's metadata as plain objects, lists, strings, numbers and booleans, or undefined when the file has none: not
   * trusted, not checked. Objects have no prototype.
   */
  metadata(): unknown;
  /** Writes SOPS's metadata in its format's place, or takes it away. */
  setMetadata(metadata: SopsMetadataTree | undefined): void;
  /** @returns undefined when there is nothing at the path */
  get(path: ConfigPath): ConfigValue | undefined;
  /** Replaces what is there, or adds it. @throws EnvelopeError InvalidInput when the path leads through a plain value */
  set(path: ConfigPath, value: ConfigValue): void;
  /** @returns whether something was there */
  remove(path: ConfigPath): boolean;
  /** The file's text. */
  render(): string;
}

/** Metadata as it is written: objects in the order of their entries. */
export type SopsMetadataTree = { readonly [name: string]: SopsMetadataValue };
export type SopsMetadataValue = string | number | boolean | null | readonly SopsMetadataValue[] | SopsMetadataTree;

/** A file format. */
export interface ConfigFormat {
  /** As SOPS names it: `yaml`, `json`, `ini`, `dotenv`, `binary`; ours besides: `toml`. */
  readonly name: string;
  /** How a file's bytes become the text: `latin1` has a character for each byte. */
  readonly encoding: "utf8" | "latin1";
  /** @throws EnvelopeError MessageMalformed, with the line in the text; LimitExceeded */
  parse(text: string): ConfigDocument;
}

/** SOPS's name for the place of its metadata. */
export const metadataKey = "sops";
