import { decodeUtf8, ExternalKeyError, type ExternalKeyFailure, limits, parseStrictJson } from "@coffer/service";
import type { Answer } from "./post.ts";

/** The errors of the API by name. */
const failures: ReadonlyMap<unknown, ExternalKeyFailure> = new Map<unknown, ExternalKeyFailure>([
  ["ValidationException", "validation"],
  ["InvalidStateException", "invalidState"],
  ["InvalidCiphertextException", "invalidCiphertext"],
  ["InvalidKeyUsageException", "invalidKeyUsage"],
  ["AuthenticationFailedException", "authenticationFailed"],
  ["AccessDeniedException", "accessDenied"],
  ["KeyNotFoundException", "keyNotFound"],
  ["InvalidUriPathException", "invalidUriPath"],
  ["ThrottlingException", "throttled"],
  ["UnsupportedOperationException", "unsupported"],
  ["DependencyTimeoutException", "dependencyTimeout"],
  ["InternalException", "internal"],
]);

function refuse(): never {
  throw new ExternalKeyError("malformed");
}

/** The members of a proxy's answer. What is not as the API has it makes the whole answer `malformed`. */
export class AnswerFields {
  readonly #members: ReadonlyMap<string, unknown>;

  private constructor(value: unknown) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) refuse();
    this.#members = new Map(Object.entries(value));
  }

  /** @throws ExternalKeyError: the one that the proxy named, or `malformed` */
  static parse({ status, body }: Answer): AnswerFields {
    const text = decodeUtf8(body);
    const parsed = text === undefined ? undefined : parseStrictJson(text, { maxDepth: limits.jsonDepth.value });
    if (parsed?.ok !== true) refuse();
    const fields = new AnswerFields(parsed.value);
    if (status === 200) return fields;
    throw new ExternalKeyError(failures.get(fields.#members.get("errorName")) ?? "malformed");
  }

  text(name: string): string {
    const value = this.#members.get(name);
    return typeof value === "string" ? value : refuse();
  }

  count(name: string): number {
    const value = this.#members.get(name);
    return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : refuse();
  }

  /** A list of at most `max` texts. */
  texts(name: string, max: number): readonly string[] {
    return this.#list(name, max).map((value) => (typeof value === "string" ? value : refuse()));
  }

  /** A list of 1 to `max` objects. */
  objects(name: string, max: number): readonly AnswerFields[] {
    const list = this.#list(name, max);
    if (list.length === 0) refuse();
    return list.map((value) => new AnswerFields(value));
  }

  /** Base64 (RFC 4648 section 4) of a length that `fits`. */
  bytes(name: string, fits: (bytes: number) => boolean): Buffer {
    const text = this.text(name);
    const bytes = Buffer.from(text, "base64");
    return bytes.toString("base64") === text && fits(bytes.byteLength) ? bytes : refuse();
  }

  /** As `bytes`; empty when the member is absent. */
  optionalBytes(name: string, fits: (bytes: number) => boolean): Buffer {
    return this.#members.get(name) === undefined ? Buffer.alloc(0) : this.bytes(name, fits);
  }

  #list(name: string, max: number): readonly unknown[] {
    const value = this.#members.get(name);
    return Array.isArray(value) && value.length <= max ? value : refuse();
  }
}
