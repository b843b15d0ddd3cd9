import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  type Core,
  createAccessKey,
  createPrincipal,
  execute,
  putIdentityPolicy,
  type WireHandler,
  type WireRequest,
} from "@coffer/service";
import { type SigningCredentials, type SigningScope, signRequest } from "@coffer/sigv4";
import { openTestCore, type TestCore, type TestCoreOptions } from "@coffer/testkit";
import type { OperationName } from "../src/kms/codec.ts";
import type { KeyMetadata, OperationTypes } from "../src/kms/generated/types.ts";
import { createAwsWire } from "../src/wire.ts";

export type Json = Record<string, unknown>;

/** An answer of the wire, with its JSON body where it has one. */
export interface AwsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly json: Json;
}

/** The metadata of a new key, with what every key has. */
export interface MadeKey extends KeyMetadata {
  readonly KeyId: string;
  readonly Arn: string;
  readonly CurrentKeyMaterialId: string;
}

/** How a call differs from one of the account root in the home region. */
export interface CallOptions {
  readonly as?: SigningCredentials;
  readonly scope?: Partial<SigningScope>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Changes the request after it was signed. */
  readonly tamper?: (request: WireRequest) => WireRequest;
}

/** The AWS wire over a core of real parts, called as a client that signs would call it. */
export class AwsTest {
  readonly test: TestCore;
  readonly root: SigningCredentials;
  #wire: WireHandler;

  constructor(test: TestCore) {
    this.test = test;
    this.root = { accessKeyId: test.root.accessKeyId, secretAccessKey: test.root.secretAccessKey };
    this.#wire = createAwsWire(test.core);
  }

  /** Goes on with another core, such as one with a fault. */
  useCore(core: Core): void {
    this.#wire = createAwsWire(core);
  }

  /** Sends a request as it is. */
  async send(request: Partial<WireRequest> & { readonly headers: ReadonlyMap<string, string> }): Promise<AwsAnswer> {
    const full: WireRequest = {
      method: "POST",
      path: "/",
      query: "",
      body: new Uint8Array(),
      peerAddress: "203.0.113.7",
      secureTransport: false,
      requestId: randomUUID(),
      firstHeader: (name) => request.headers.get(name),
      ...request,
    };
    const { status, headers, body } = await this.#wire(full);
    assert.equal(headers["x-amzn-requestid"], full.requestId);
    const text = typeof body === "string" ? body : Buffer.from(body).toString();
    return { status, headers, text, json: text.startsWith("{") ? (JSON.parse(text) as Json) : {} };
  }

  /** Signs and sends a body for a target. */
  async post(target: string | undefined, body: string | Uint8Array, options: CallOptions = {}): Promise<AwsAnswer> {
    const headers = new Map([
      ["host", "localhost:8080"],
      ["content-type", "application/x-amz-json-1.1"],
      ["user-agent", "test"],
      ...Object.entries(options.headers ?? {}),
    ]);
    if (target !== undefined) headers.set("x-amz-target", target);
    const request = { method: "POST", path: "/", query: "", headers, body: Buffer.from(body) };
    for (const [name, value] of signRequest(request, options.as ?? this.root, this.scope(options.scope))) {
      headers.set(name, value);
    }
    const full: WireRequest = {
      ...request,
      peerAddress: "203.0.113.7",
      secureTransport: false,
      requestId: randomUUID(),
      firstHeader: (name) => headers.get(name),
    };
    return this.send(options.tamper?.(full) ?? full);
  }

  scope(changes: Partial<SigningScope> = {}): SigningScope {
    return { region: "us-east-1", service: "kms", timestampMs: this.test.clock.nowMs(), ...changes };
  }

  /** Calls an operation with any JSON value. */
  call(operation: string, input: unknown, options?: CallOptions): Promise<AwsAnswer> {
    return this.post(`TrentService.${operation}`, JSON.stringify(input), options);
  }

  /** Calls an operation that must succeed. */
  async ok<Name extends OperationName>(
    operation: Name,
    input: Json,
    options?: CallOptions,
  ): Promise<NonNullable<OperationTypes[Name]["output"]>> {
    const answer = await this.call(operation, input, options);
    assert.equal(answer.status, 200, answer.text);
    return answer.json as unknown as NonNullable<OperationTypes[Name]["output"]>;
  }

  /** Calls an operation that must fail, with exactly this error. */
  async fails(
    operation: string,
    input: unknown,
    expected: { readonly type: string; readonly message?: string | RegExp; readonly status?: number },
    options?: CallOptions,
  ): Promise<void> {
    assertError(await this.call(operation, input, options), expected);
  }

  async createKey(input: Json = {}, options?: CallOptions): Promise<MadeKey> {
    return (await this.ok("CreateKey", input, options)).KeyMetadata as MadeKey;
  }

  /** Encrypts, and gives the base64 of the ciphertext. */
  async encrypt(keyId: string, plaintext: string, more: Json = {}): Promise<string> {
    const input = { KeyId: keyId, Plaintext: Buffer.from(plaintext).toString("base64"), ...more };
    return String((await this.ok("Encrypt", input)).CiphertextBlob);
  }

  /** A user with one identity policy and an access key. */
  async createUser(name: string, statement?: Json): Promise<SigningCredentials & { readonly arn: string }> {
    const { core } = this.test;
    const request = () => this.test.request();
    const { principal } = await execute(core, createPrincipal, { kind: "user", name }, request());
    if (statement !== undefined) {
      const document = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
      await execute(core, putIdentityPolicy, { principalArn: principal.arn, policyName: "test", document }, request());
    }
    const made = await execute(core, createAccessKey, { principalArn: principal.arn }, request());
    return {
      arn: principal.arn,
      accessKeyId: made.record.accessKeyId,
      secretAccessKey: made.secretAccessKey,
    };
  }

  async close(): Promise<void> {
    await this.test.close();
  }
}

/** Opens the wire for a test. Close it in `after`. */
export async function openAws(options?: TestCoreOptions): Promise<AwsTest> {
  return new AwsTest(await openTestCore(options));
}

/** Asserts the whole of an error's answer: nothing may be in it but type and message. */
export function assertError(
  answer: AwsAnswer,
  { type, message, status }: { readonly type: string; readonly message?: string | RegExp; readonly status?: number },
): void {
  const { __type, message: lower, Message: upper, ...rest } = answer.json;
  assert.equal(__type, type, answer.text);
  assert.equal(answer.status, status ?? 400, answer.text);
  assert.deepEqual(rest, {});
  const told = lower ?? upper;
  if (message instanceof RegExp) assert.match(String(told), message);
  else assert.equal(told, message);
}

export const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** An answer of the AWS query protocol. */
export class QueryAnswer {
  readonly status: number;
  readonly text: string;

  constructor({ status, text }: AwsAnswer) {
    this.status = status;
    this.text = text;
  }

  /** The text of the first element of a name; undefined when there is none. */
  get(element: string): string | undefined {
    return new RegExp(`<${element}>([^<]*)</${element}>`).exec(this.text)?.[1];
  }

  /** The texts of all elements of a name. */
  all(element: string): string[] {
    return [...this.text.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, "g"))].map(([, text]) => text ?? "");
  }

  /** `200`, or the status with the error's code. */
  get outcome(): string {
    return this.status === 200 ? "200" : `${this.status} ${this.get("Code")}`;
  }
}

const versions = { sts: "2011-06-15", iam: "2010-05-08" } as const;

/** Calls IAM and STS over the query protocol, as the account root unless told. */
export class QueryClient {
  readonly #aws: AwsTest;

  constructor(aws: AwsTest) {
    this.#aws = aws;
  }

  async send(
    service: "sts" | "iam",
    action: string,
    fields: Readonly<Record<string, string>> = {},
    as: SigningCredentials | "nobody" = this.#aws.root,
  ): Promise<QueryAnswer> {
    const form = new URLSearchParams({ Action: action, Version: versions[service], ...fields });
    const headers = new Map([
      ["host", "localhost:8080"],
      ["content-type", "application/x-www-form-urlencoded; charset=utf-8"],
    ]);
    const request = { method: "POST", path: "/", query: "", headers, body: Buffer.from(form.toString()) };
    if (as !== "nobody") {
      for (const [name, value] of signRequest(request, as, this.#aws.scope({ service }))) headers.set(name, value);
    }
    return new QueryAnswer(await this.#aws.send(request));
  }

  iam(action: string, fields?: Readonly<Record<string, string>>, as?: SigningCredentials): Promise<QueryAnswer> {
    return this.send("iam", action, fields, as);
  }

  sts(
    action: string,
    fields?: Readonly<Record<string, string>>,
    as?: SigningCredentials | "nobody",
  ): Promise<QueryAnswer> {
    return this.send("sts", action, fields, as);
  }

  /** Calls what must succeed. */
  async ok(
    service: "sts" | "iam",
    action: string,
    fields?: Readonly<Record<string, string>>,
    as?: SigningCredentials,
  ): Promise<QueryAnswer> {
    const answer = await this.send(service, action, fields, as);
    assert.equal(answer.status, 200, answer.text);
    return answer;
  }

  /** A user with an inline policy of these statements, and an access key. */
  async newUser(
    name: string,
    ...statements: readonly object[]
  ): Promise<SigningCredentials & { readonly arn: string }> {
    const made = await this.ok("iam", "CreateUser", { UserName: name });
    if (statements.length > 0) await this.setPolicy("User", name, ...statements);
    const key = await this.ok("iam", "CreateAccessKey", { UserName: name });
    return { arn: made.get("Arn") ?? "", ...credentialsOf(key) };
  }

  /** A role that trusts somebody, with an inline policy of these statements. */
  async newRole(name: string, trust: object, ...statements: readonly object[]): Promise<string> {
    const AssumeRolePolicyDocument = document({ Effect: "Allow", Action: "sts:AssumeRole", ...trust });
    const made = await this.ok("iam", "CreateRole", { RoleName: name, AssumeRolePolicyDocument });
    if (statements.length > 0) await this.setPolicy("Role", name, ...statements);
    return made.get("Arn") ?? "";
  }

  /** Puts the one inline policy of a user or role. */
  async setPolicy(kind: "User" | "Role", name: string, ...statements: readonly object[]): Promise<void> {
    const fields = { [`${kind}Name`]: name, PolicyName: "test", PolicyDocument: document(...statements) };
    await this.ok("iam", `Put${kind}Policy`, fields);
  }

  /** A session of a role. */
  async assume(
    RoleArn: string,
    as: SigningCredentials,
    fields: Readonly<Record<string, string>> = {},
  ): Promise<Credentials> {
    return credentialsOf(await this.ok("sts", "AssumeRole", { RoleArn, RoleSessionName: "test", ...fields }, as));
  }
}

/** Credentials as the test was given them. */
export type Credentials = SigningCredentials & { readonly secretAccessKey: string };

/** A policy document. */
export function document(...statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

/** The credentials in an answer. */
export function credentialsOf(answer: QueryAnswer): Credentials {
  const sessionToken = answer.get("SessionToken");
  return {
    accessKeyId: answer.get("AccessKeyId") ?? "",
    secretAccessKey: (answer.get("SecretAccessKey") ?? "").replaceAll("&#x2F;", "/"),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}
