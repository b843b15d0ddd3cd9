import type { SopsMetadataTree, SopsMetadataValue } from "./document.ts";
import { invalidInput, malformedFile } from "./problems.ts";

interface RecipientOf<Type extends string> {
  readonly type: Type;
  /** The data key, or this group's share of it, wrapped for the recipient; absent until it is. */
  readonly wrapped?: string | undefined;
  /** When it was wrapped: RFC 3339. */
  readonly createdAt?: string | undefined;
}

/** A key of AWS KMS. */
export interface KmsRecipient extends RecipientOf<"kms"> {
  /** Of a key or an alias. */
  readonly arn: string;
  /** The encryption context. */
  readonly context?: Readonly<Record<string, string>> | undefined;
  /** A role to assume first. */
  readonly role?: string | undefined;
  /** A profile of the AWS configuration. */
  readonly profile?: string | undefined;
}

/** A key of Vault's Transit engine. */
export interface TransitRecipient extends RecipientOf<"hc_vault"> {
  /** The server's address. A file names it: never send a token to an address that its holder has not agreed to. */
  readonly address: string;
  /** The mount, without slashes at its ends. */
  readonly mount: string;
  /** The key's name. */
  readonly key: string;
}

/** A recipient of a kind that is only kept: age, PGP and the clouds' other key services. */
export interface ForeignRecipient {
  readonly type: (typeof foreignTypes)[number];
  readonly entry: SopsMetadataTree;
}

export type Recipient = KmsRecipient | TransitRecipient | ForeignRecipient;

/** Recipients of which any one is enough. With several groups, each has a share of the data key. */
export type RecipientGroup = readonly Recipient[];

const foreignTypes = ["gcp_kms", "hckms", "azure_kv", "age", "pgp"] as const;

/** In the order in which SOPS reads them. */
export const recipientTypes = ["kms", "gcp_kms", "hckms", "azure_kv", "hc_vault", "pgp", "age"] as const;

export type RecipientType = (typeof recipientTypes)[number];

/** What names a foreign recipient in its entry. */
const foreignNames: Readonly<Record<ForeignRecipient["type"], readonly string[]>> = {
  gcp_kms: ["resource_id"],
  hckms: ["key_id"],
  azure_kv: ["vault_url", "name", "version"],
  age: ["recipient"],
  pgp: ["fp"],
};

/** What tells a recipient from others: an ARN with role, context and profile, a Transit key's address, ... */
export function recipientName(recipient: Recipient): string {
  if (recipient.type === "hc_vault") return `${recipient.address}/v1/${recipient.mount}/keys/${recipient.key}`;
  if (recipient.type !== "kms") {
    const names = foreignNames[recipient.type].map((name) => scalarText(recipient.entry[name] ?? ""));
    return `${recipient.type} ${names.join("/")}`;
  }
  const { arn, role, context = {}, profile } = recipient;
  const pairs = Object.keys(context)
    .sort()
    .map((name) => `${name}:${context[name]}`);
  const parts = [role === undefined ? arn : `${arn}+${role}`, pairs.join(","), profile ?? ""];
  return parts.join("|").replace(/(?<!\|)\|+$/, "");
}

/** The region of a key's ARN. @throws EnvelopeError InvalidInput */
export function regionOfArn(arn: string): string {
  const region = /^arn:aws[\w-]*:kms:([a-z0-9-]+):[0-9]+:(?:key|alias)\/[\w:/+=,.@-]+$/.exec(arn)?.[1];
  if (region === undefined) throw invalidInput(`${arn} is not the ARN of a KMS key or alias.`);
  return region;
}

/**
 * A KMS recipient as SOPS's command line and `.sops.yaml` write it: an ARN, and the role's after a `+` when there is one.
 *
 * @throws EnvelopeError InvalidInput
 */
export function parseKmsRecipient(
  text: string,
  options: { readonly context?: Readonly<Record<string, string>>; readonly profile?: string } = {},
): KmsRecipient {
  const trimmed = text.replaceAll(" ", "");
  const plus = trimmed.indexOf("+arn:");
  const arn = plus < 0 ? trimmed : trimmed.slice(0, plus);
  regionOfArn(arn);
  return {
    type: "kms",
    arn,
    ...(plus >= 0 && { role: trimmed.slice(plus + 1) }),
    ...(options.context && Object.keys(options.context).length > 0 && { context: options.context }),
    ...(options.profile && { profile: options.profile }),
  };
}

/**
 * A Transit recipient as SOPS writes it: `https://vault.example:8200/v1/transit/keys/NAME`.
 *
 * @throws EnvelopeError InvalidInput
 */
export function parseTransitRecipient(uri: string): TransitRecipient {
  const parts = /^(https?:\/\/[^/?#]+)\/v1\/([^?#]+)\/keys\/([^/?#]+)\/?$/.exec(uri);
  if (parts === null) {
    throw invalidInput(`${uri} is not the address of a Transit key, such as https://vault:8200/v1/transit/keys/NAME.`);
  }
  const [, address = "", mount = "", key = ""] = parts;
  return { type: "hc_vault", address, mount, key };
}

/** An entry of the metadata as a recipient. @throws EnvelopeError MessageMalformed */
export function parseRecipient(type: RecipientType, entry: SopsMetadataTree): Recipient {
  if (type === "kms") {
    const context = parseContext(entry["context"]);
    return {
      type,
      arn: text(type, entry, "arn"),
      wrapped: text(type, entry, "enc"),
      createdAt: text(type, entry, "created_at"),
      ...(context && { context }),
      ...optional("role", entry["role"]),
      ...optional("profile", entry["aws_profile"]),
    };
  }
  if (type === "hc_vault") {
    return {
      type,
      address: text(type, entry, "vault_address").replace(/(?<!\/)\/+$/, ""),
      mount: text(type, entry, "engine_path").replace(/^\/+|(?<!\/)\/+$/g, ""),
      key: text(type, entry, "key_name"),
      wrapped: text(type, entry, "enc"),
      createdAt: text(type, entry, "created_at"),
    };
  }
  return { type, entry };
}

/** A recipient as an entry of the metadata, its names in SOPS's order. */
export function recipientEntry(recipient: Recipient): SopsMetadataTree {
  if (recipient.type === "kms") {
    return {
      arn: recipient.arn,
      aws_profile: recipient.profile ?? "",
      ...(recipient.context && { context: recipient.context }),
      created_at: recipient.createdAt ?? "",
      enc: recipient.wrapped ?? "",
      ...(recipient.role !== undefined && { role: recipient.role }),
    };
  }
  if (recipient.type === "hc_vault") {
    return {
      created_at: recipient.createdAt ?? "",
      enc: recipient.wrapped ?? "",
      engine_path: recipient.mount,
      key_name: recipient.key,
      vault_address: recipient.address,
    };
  }
  return recipient.entry;
}

function text(type: RecipientType, entry: SopsMetadataTree, name: string): string {
  const value = entry[name];
  if (typeof value !== "string") throw malformedFile(`sops.${type}: a recipient's ${name} is not a text`);
  return value;
}

function optional<Name extends string>(name: Name, value: SopsMetadataValue | undefined): { [Key in Name]?: string } {
  return typeof value === "string" && value !== "" ? ({ [name]: value } as { [Key in Name]: string }) : {};
}

function parseContext(value: SopsMetadataValue | undefined): Record<string, string> | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object" || Array.isArray(value)) throw malformedFile("sops.kms: a context is not a map");
  const pairs = Object.entries(value).flatMap(([name, part]) =>
    part === null ? [] : [[name, scalarText(part)] as const],
  );
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}

/** Trees from files may have no prototype, of which `String` makes no text. */
function scalarText(value: SopsMetadataValue): string {
  if (typeof value === "object") throw malformedFile("sops: a recipient has a map or list where a text belongs");
  return String(value);
}
