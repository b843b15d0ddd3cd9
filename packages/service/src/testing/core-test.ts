import assert from "node:assert/strict";
import { FaultyDisk, FaultyStore, openTestCore, type TestCore, type TestCoreOptions } from "@coffer/testkit";
import type { Core } from "../core.ts";
import { type ErrorCode, type ErrorParams, ServiceError } from "../errors.ts";
import type { KeyRecord } from "../model/key.ts";
import type { RequestContext } from "../model/request.ts";
import { putIdentityPolicy } from "../operations/admin/identity-policies.ts";
import { createPrincipal } from "../operations/admin/principals.ts";
import { createToken } from "../operations/admin/tokens.ts";
import { type CreateKeyInput, createKey } from "../operations/keys/create-key.ts";
import { execute } from "../pipeline/execute.ts";
import type { Operation } from "../pipeline/operation.ts";

/** One statement of a policy, as JSON. */
export type Statement = Readonly<Record<string, unknown>>;

/** A user of a test, with a token. */
export interface TestUser {
  readonly arn: string;
  readonly token: string;
}

/** An Allow on every resource, with further members. */
export function allow(action: string | readonly string[], more: Statement = {}): Statement {
  return { Effect: "Allow", Action: action, Resource: "*", ...more };
}

/** The Condition member of a statement with one condition. */
export function when(operator: string, key: string, value: unknown): Statement {
  return { Condition: { [operator]: { [key]: value } } };
}

/** A policy document of statements. */
export function policyOf(...statements: readonly Statement[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

/** A core with faults on demand, and what tests of it do again and again. Requests are the account root's unless told. */
export class CoreTest {
  readonly test: TestCore;
  readonly store: FaultyStore;
  readonly disk: FaultyDisk;
  #users = 0;

  private constructor(test: TestCore, store: FaultyStore, disk: FaultyDisk) {
    this.test = test;
    this.store = store;
    this.disk = disk;
  }

  /** Close it in `after`. */
  static async open(options: TestCoreOptions = {}): Promise<CoreTest> {
    const disk = new FaultyDisk();
    let faulty: FaultyStore | undefined;
    const test = await openTestCore({
      ...options,
      auditDisk: disk.disk,
      wrapStore(store) {
        faulty = new FaultyStore(store);
        return faulty.store;
      },
    });
    assert.ok(faulty !== undefined);
    return new CoreTest(test, faulty, disk);
  }

  get core(): Core {
    return this.test.core;
  }

  /** A request by the account root. */
  request(changes: Partial<RequestContext> = {}): RequestContext {
    return this.test.request(changes);
  }

  run<Input, Output>(
    operation: Operation<Input, Output>,
    input: Input,
    request: RequestContext = this.request(),
  ): Promise<Output> {
    return execute(this.core, operation, input, request);
  }

  /** Runs what must fail with a code; gives the error's parameters. */
  async fails<Input, Output, C extends ErrorCode>(
    operation: Operation<Input, Output>,
    input: Input,
    code: C,
    request: RequestContext = this.request(),
  ): Promise<ErrorParams[C]> {
    const error: unknown = await this.run(operation, input, request).then(
      () => assert.fail(`${operation.name} did not fail with ${code}`),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof ServiceError, String(error));
    assert.equal(error.code, code, JSON.stringify(error.detail));
    return error.detail.params as ErrorParams[C];
  }

  async newKey(input: CreateKeyInput = {}, request?: RequestContext): Promise<KeyRecord> {
    return (await this.run(createKey, input, request)).key;
  }

  /** A new user with a token, and an identity policy when there are statements. */
  async newUser(name: string, ...statements: readonly Statement[]): Promise<TestUser> {
    const { principal } = await this.run(createPrincipal, { kind: "user", name });
    const { token } = await this.run(createToken, { principalArn: principal.arn });
    const user = { arn: principal.arn, token };
    if (statements.length > 0) await this.setPolicy(user, ...statements);
    return user;
  }

  /** Puts the user's one identity policy. */
  async setPolicy(user: TestUser, ...statements: readonly Statement[]): Promise<void> {
    const document = policyOf(...statements);
    await this.run(putIdentityPolicy, { principalArn: user.arn, policyName: "test", document });
  }

  /** A request by a user, authenticated now. */
  async as(user: TestUser, changes: Partial<RequestContext> = {}): Promise<RequestContext> {
    const principal = await this.core.identities.findToken(user.token);
    assert.ok(principal !== undefined, "the user's token is valid");
    return this.request({ principal, ...changes });
  }

  /** Runs an operation as a new user with these identity policy statements; gives `ok` or the error's code. */
  async tryAs<Input, Output>(
    statements: readonly Statement[],
    operation: Operation<Input, Output>,
    input: Input,
    changes: Partial<RequestContext> = {},
  ): Promise<ErrorCode | "ok"> {
    this.#users += 1;
    const user = await this.newUser(`user-${this.#users}`, ...statements);
    const request = await this.as(user, changes);
    try {
      await this.run(operation, input, request);
      return "ok";
    } catch (error) {
      assert.ok(error instanceof ServiceError, String(error));
      return error.code;
    }
  }

  /** The newest audit record. */
  async lastEvent(): Promise<Record<string, unknown>> {
    const event = (await this.test.auditEvents()).at(-1);
    assert.ok(event !== undefined, "there is an audit record");
    return event;
  }

  async close(): Promise<void> {
    this.store.heal();
    this.disk.heal();
    await this.test.close();
  }
}
