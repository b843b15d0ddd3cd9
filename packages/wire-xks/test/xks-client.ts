import assert from "node:assert/strict";
import {
  createAccessKey,
  createKey,
  createPrincipal,
  execute,
  type KeyRecord,
  putIdentityPolicy,
  type WireHandler,
  type WireRequest,
} from "@coffer/service";
import { type SigningCredentials, type SigningScope, signRequest } from "@coffer/sigv4";
import { openTestCore, type TestCore, type TestCoreOptions, wireRequest } from "@coffer/testkit";
import { createXksWire } from "../src/index.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface XksAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: Json;
}

export interface XksOptions {
  readonly as?: SigningCredentials;
  readonly scope?: Partial<SigningScope>;
  readonly method?: string;
  readonly userAgent?: string;
  /** Changes the request after it was signed. */
  readonly tamper?: (request: WireRequest) => WireRequest;
}

export const uriPath = "/tests/kms/xks/v1";

/** What a KMS tells of its own call, complete. */
export const requestMetadata = {
  awsPrincipalArn: "arn:aws:iam::123456789012:user/Alice",
  kmsKeyArn: "arn:aws:kms:us-east-2:123456789012:/key/1234abcd-12ab-34cd-56ef-1234567890ab",
  kmsOperation: "Encrypt",
  kmsRequestId: "4112f4d6-db54-4af4-ae30-c55a22a8dfae",
  kmsViaService: "ebs",
};

/** The XKS proxy over a core of real parts, called as a KMS would call it. */
export class XksTest {
  readonly test: TestCore;
  readonly root: SigningCredentials;
  readonly #wire: WireHandler;

  private constructor(test: TestCore) {
    this.test = test;
    this.root = { accessKeyId: test.root.accessKeyId, secretAccessKey: test.root.secretAccessKey };
    this.#wire = createXksWire(test.core, { version: "0.0.0", uriPath });
  }

  static async open(options: TestCoreOptions = {}): Promise<XksTest> {
    return new XksTest(await openTestCore(options));
  }

  async newKey(input: Parameters<typeof createKey.run>[0]["input"] = {}): Promise<KeyRecord> {
    return (await execute(this.test.core, createKey, input, this.test.request())).key;
  }

  /** Credentials of a new user with one statement. */
  async newUser(name: string, statement: Json): Promise<SigningCredentials> {
    const { core } = this.test;
    const { principal } = await execute(core, createPrincipal, { kind: "user", name }, this.test.request());
    const document = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    const policy = { principalArn: principal.arn, policyName: "xks", document };
    await execute(core, putIdentityPolicy, policy, this.test.request());
    const made = await execute(
      core,
      createAccessKey,
      { principalArn: principal.arn, purpose: "xks" },
      this.test.request(),
    );
    return { accessKeyId: made.record.accessKeyId, secretAccessKey: made.secretAccessKey };
  }

  /** Signs and sends a body to a path below the URI path, or to a whole path. */
  async call(path: string, body: unknown, options: XksOptions = {}): Promise<XksAnswer> {
    const request = wireRequest({
      method: options.method ?? "POST",
      path: path.startsWith("/") ? path : `${uriPath}/${path}`,
      headers: {
        host: "xks.example.com",
        "content-type": "application/json",
        "user-agent": options.userAgent ?? "kms",
      },
      body,
    });
    const scope = {
      region: "us-west-2",
      service: "kms-xks-proxy",
      timestampMs: this.test.clock.nowMs(),
      ...options.scope,
    };
    const added = signRequest(request, options.as ?? this.root, scope);
    const signed = { ...request, headers: new Map([...request.headers, ...added]) };
    const answer = await this.#wire(options.tamper?.(signed) ?? signed);
    assert.equal(typeof answer.body, "string");
    return { status: answer.status, headers: answer.headers, json: JSON.parse(String(answer.body)) as Json };
  }

  /** Sends what must fail. */
  async fails(status: number, errorName: string, path: string, body: unknown, options?: XksOptions): Promise<Json> {
    const { status: got, json } = await this.call(path, body, options);
    assert.deepEqual([got, json["errorName"]], [status, errorName], JSON.stringify(json));
    const message = json["errorMessage"];
    if (message !== undefined) assert.match(String(message), /^[ -~]{1,511}$/);
    return json;
  }

  async lastEvent(): Promise<Record<string, unknown>> {
    const event = (await this.test.auditEvents()).at(-1);
    assert.ok(event !== undefined);
    return event;
  }

  async close(): Promise<void> {
    await this.test.close();
    assert.deepEqual(this.test.bugs, []);
  }
}
