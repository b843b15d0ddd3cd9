import { rootPrincipal } from "../identity/load-principal.ts";
import type { RequestContext } from "../model/request.ts";
import { putIdentityPolicy } from "../operations/admin/identity-policies.ts";
import { createPrincipal } from "../operations/admin/principals.ts";
import { createToken } from "../operations/admin/tokens.ts";
import { type CreateGrantInput, type CreateGrantOutput, createGrant } from "../operations/grants/create-grant.ts";
import { CoreTest, policyOf, type Statement, type TestUser } from "./core-test.ts";

export const otherAccount = "111122223333";

/** A core with one key that only its account root may use, and users who may do nothing. */
export class GrantTest {
  readonly t: CoreTest;
  readonly keyId: string;
  readonly keyArn: string;
  #users = 0;

  private constructor(t: CoreTest, keyId: string) {
    this.t = t;
    this.keyId = keyId;
    this.keyArn = `arn:aws:kms:us-east-1:000000000000:key/${keyId}`;
  }

  static async open(): Promise<GrantTest> {
    const t = await CoreTest.open();
    return new GrantTest(t, (await t.newKey()).keyId);
  }

  /** A user of the home account, with these identity policy statements. */
  user(...statements: readonly Statement[]): Promise<TestUser> {
    this.#users += 1;
    return this.t.newUser(`grantee-${this.#users}`, ...statements);
  }

  /** A user of another account. */
  async foreigner(...statements: readonly Statement[]): Promise<TestUser> {
    this.#users += 1;
    const root = this.foreignRoot();
    const { principal } = await this.t.run(createPrincipal, { kind: "user", name: `foreigner-${this.#users}` }, root);
    const { token } = await this.t.run(createToken, { principalArn: principal.arn }, root);
    if (statements.length > 0) {
      const document = policyOf(...statements);
      await this.t.run(putIdentityPolicy, { principalArn: principal.arn, policyName: "test", document }, root);
    }
    return { arn: principal.arn, token };
  }

  foreignRoot(): RequestContext {
    return this.t.request({ principal: rootPrincipal(otherAccount) });
  }

  /** Makes a grant on the key. */
  grant(input: Partial<CreateGrantInput>, request?: RequestContext): Promise<CreateGrantOutput> {
    return this.t.run(createGrant, { keyId: this.keyArn, operations: ["Encrypt"], ...input }, request);
  }
}
