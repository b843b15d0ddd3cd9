import {
  decodeUtf8,
  limits,
  parseStrictJson,
  ServiceError,
  type XksMetadataMember,
  type XksRequestMetadata,
  xksMetadataMembers,
} from "@coffer/service";
import { xksLimits } from "./limits.ts";

/** Refuses a request whose body is not as the API has it. Never quotes the body: it may hold a plaintext. */
export function refuseBody(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** A request body: its members are read one by one. Others than those of the API are passed over, as it asks. */
export class XksBody {
  readonly #members: ReadonlyMap<string, unknown>;

  private constructor(members: ReadonlyMap<string, unknown>) {
    this.#members = members;
  }

  /** @throws ServiceError InvalidInput unless it is a JSON object */
  static parse(bytes: Uint8Array): XksBody {
    const text = decodeUtf8(bytes);
    if (text === undefined) return refuseBody("The body is not valid UTF-8.");
    const parsed = parseStrictJson(text, { maxDepth: limits.jsonDepth.value });
    if (!parsed.ok) return refuseBody(`The body is refused: ${parsed.reason} at offset ${parsed.offset}.`);
    return new XksBody(membersOf(parsed.value, "The body"));
  }

  /**
   * `requestMetadata`, whose members `required` must be there.
   *
   * @throws ServiceError InvalidInput
   */
  metadata(required: readonly XksMetadataMember[]): XksRequestMetadata {
    const given = this.#members.get("requestMetadata");
    if (given === undefined) return refuseBody("requestMetadata is missing.");
    const members = membersOf(given, "requestMetadata");
    const metadata: Partial<Record<XksMetadataMember, string>> = {};
    for (const name of xksMetadataMembers) {
      const value = members.get(name);
      if (value === undefined) {
        if (required.includes(name)) return refuseBody(`requestMetadata.${name} is missing.`);
        continue;
      }
      metadata[name] = metadataText(name, value);
    }
    const { kmsOperation = "", kmsRequestId = "" } = metadata;
    return { ...metadata, kmsOperation, kmsRequestId };
  }

  /** A text that must be one of the API's words. @throws ServiceError InvalidInput; Unsupported for another word */
  word(name: string, supported: string): void {
    const value = this.#members.get(name);
    if (value === undefined) refuseBody(`${name} is missing.`);
    if (typeof value !== "string") refuseBody(`${name} is not a text.`);
    if (value !== supported) throw ServiceError.of("Unsupported", { reason: `${name} must be ${supported}.` });
  }

  has(name: string): boolean {
    return this.#members.get(name) !== undefined;
  }

  /** Base64 (RFC 4648 section 4), decoded; the caller wipes it. @throws ServiceError InvalidInput, Unsupported when too long */
  bytes(name: string, maxBytes: number): Buffer {
    const value = this.#members.get(name);
    if (value === undefined) return refuseBody(`${name} is missing.`);
    if (typeof value !== "string") return refuseBody(`${name} is not a text.`);
    const bytes = Buffer.from(value, "base64");
    // Buffer.from skips what it does not know; what was skipped is missing when it is encoded again.
    if (bytes.toString("base64") !== value) {
      bytes.fill(0);
      return refuseBody(`${name} is not Base64.`);
    }
    if (bytes.byteLength > maxBytes) {
      bytes.fill(0);
      throw ServiceError.of("Unsupported", { reason: `${name} has at most ${maxBytes} bytes.` });
    }
    return bytes;
  }

  /** As `bytes`; empty when the member is absent. */
  optionalBytes(name: string, maxBytes: number): Buffer {
    return this.has(name) ? this.bytes(name, maxBytes) : Buffer.alloc(0);
  }
}

function membersOf(value: unknown, what: string): ReadonlyMap<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuseBody(`${what} is not a JSON object.`);
  }
  return new Map(Object.entries(value));
}

function metadataText(name: XksMetadataMember, value: unknown): string {
  if (typeof value !== "string" || !value.isWellFormed()) return refuseBody(`requestMetadata.${name} is not a text.`);
  if (value.length > xksLimits.metadataChars.value) return refuseBody(`requestMetadata.${name} is too long.`);
  return value;
}
