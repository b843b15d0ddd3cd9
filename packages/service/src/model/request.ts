import type { Principal } from "./principal.ts";

/** Which API a request came through. */
export type Wire = "aws" | "vault" | "rest" | "xks";

/** To whom the plaintext of an answer is encrypted (AWS KMS: `Recipient`). Nothing of it is trusted yet. */
export interface RecipientRequest {
  /** An attestation document of AWS Nitro Enclaves or NitroTPM. */
  readonly document: Uint8Array;
}

/** What a request wants of a path of the Vault API. */
export interface VaultAccess {
  /** Below `/v1/`; a list ends in a slash. */
  readonly path: string;
  readonly capability: "create" | "read" | "update" | "patch" | "delete" | "list" | "scan" | "sudo";
  /** What the token's ACL policies said; absent for IAM principals. */
  readonly decision?: VaultDecisionRecord;
}

/** What ACL policies said to a request, as the audit record keeps it. */
export interface VaultDecisionRecord {
  readonly path: string;
  readonly capability: string;
  readonly allowed: boolean;
  readonly reason: string;
  /** The parameter that was refused. */
  readonly parameter?: string;
  /** The rules that made the effective one. */
  readonly rules: readonly {
    readonly policy: string;
    readonly line: number;
    readonly path: string;
    readonly capabilities: readonly string[];
  }[];
  /** Names of the token's policies, those of its entity and groups among them. */
  readonly policies: readonly string[];
}

/** What the core knows of the request around an operation. Built once by a wire. */
export interface RequestContext {
  /** UUID, the request id that the answer carries. */
  readonly requestId: string;
  readonly wire: Wire;
  readonly principal: Principal;
  /** The region that the request acts in. */
  readonly region: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  /** Whether it came over TLS. */
  readonly secureTransport: boolean;
  /** Name of the call in the wire's own words, when it differs from the operation's name. */
  readonly eventName?: string;
  /** What the Vault wire asked its ACL policies, or would ask of a caller whom IAM policies decide for. */
  readonly vault?: VaultAccess;
  /** Path of the call, for wires that route by path. */
  readonly path?: string;
  readonly grantTokens?: readonly string[];
  /** Checks everything and does nothing (AWS KMS `DryRun`). */
  readonly dryRun?: boolean;
  /** A dry run that asks for the permission alone and looks at no ciphertext (AWS KMS `DryRunModifiers`). */
  readonly dryRunIgnoresCiphertext?: boolean;
  /** The service that makes the request on its caller's behalf, such as `secretsmanager.us-east-1.amazonaws.com`. */
  readonly viaService?: string;
  /** Operations that do not answer to a recipient refuse it. */
  readonly recipient?: RecipientRequest;
}
