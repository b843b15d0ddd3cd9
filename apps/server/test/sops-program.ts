import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CreateAliasCommand } from "@aws-sdk/client-kms";
import { kmsClient as lightKmsClient, transitClient } from "@coffer/envelope";
import {
  type ConfigFormat,
  type KeyServices,
  parseKmsRecipient,
  parseTransitRecipient,
  type Recipient,
  type SopsContext,
} from "@coffer/sops";
import { component } from "@coffer/testkit";
import vault from "node-vault";
import { kmsClient } from "./aws-clients.ts";
import { awsEnvironment } from "./aws-environment.ts";
import { createKey } from "./aws-keys.ts";
import { type ProgramResult, runProgram, temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

export const sops = component("sops");

/** A server with two keys for SOPS, the real `sops`, and what our own package needs for the same keys. */
export class SopsBench {
  readonly folder = temporaryFolder("sops");
  readonly server: ServerUnderTest;
  readonly kms: readonly Recipient[];
  readonly transit: readonly Recipient[];
  readonly arns: readonly string[];
  /** Requests that our package made. */
  calls: string[] = [];

  private constructor(server: ServerUnderTest, arns: readonly string[]) {
    this.server = server;
    this.arns = arns;
    this.kms = arns.map((arn) => parseKmsRecipient(arn));
    this.transit = ["first", "second"].map((name) =>
      parseTransitRecipient(`${server.vaultUrl}/v1/transit/keys/${name}`),
    );
  }

  static async start(): Promise<SopsBench> {
    const server = await ServerUnderTest.start({ listeners: 2 });
    const kms = kmsClient(server);
    const arns: string[] = [];
    for (const name of ["first", "second"]) {
      const { KeyId, Arn } = await createKey(kms);
      await kms.send(new CreateAliasCommand({ AliasName: `alias/${name}`, TargetKeyId: KeyId }));
      arns.push(Arn);
    }
    kms.destroy();
    const client = vault({ endpoint: server.vaultUrl, token: server.credentials.token });
    await client.mount({ mount_point: "transit", type: "transit" });
    return new SopsBench(server, arns);
  }

  get services(): KeyServices {
    const { url, vaultUrl, credentials } = this.server;
    return {
      kms: ({ region }) => {
        this.calls.push("kms");
        return lightKmsClient({ endpoint: url, region, credentials });
      },
      transit: ({ address, mount }) => {
        assert.equal(address, vaultUrl);
        this.calls.push("transit");
        return transitClient({ address, mount, token: credentials.token });
      },
    };
  }

  get context(): SopsContext {
    return { services: this.services, nowMs: () => Date.UTC(2026, 10, 23, 10, 0, 0, 5) };
  }

  run(...args: string[]): Promise<ProgramResult> {
    assert.ok(sops.available);
    return runProgram(sops.path, ["--disable-version-check", ...args], {
      environment: {
        ...awsEnvironment(this.server),
        VAULT_ADDR: this.server.vaultUrl,
        VAULT_TOKEN: this.server.credentials.token,
      },
      workingDirectory: this.folder,
    });
  }

  async ok(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(...args);
    assert.equal(status, 0, stderr);
    return stdout;
  }

  write(name: string, text: string): string {
    writeFileSync(join(this.folder, name), text);
    return name;
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }

  /** What the real `sops` makes of a plain text. */
  async sopsEncrypt({ name }: ConfigFormat, text: string, ...args: string[]): Promise<string> {
    this.write(`plain.${name}`, text);
    return await this.ok("encrypt", "--kms", this.arns[0] ?? "", ...args, `plain.${name}`);
  }

  /** What the real `sops` reads in an encrypted text. */
  async sopsDecrypt({ name }: ConfigFormat, text: string, ...args: string[]): Promise<string> {
    this.write(`sealed.${name}`, text);
    return await this.ok("decrypt", ...args, `sealed.${name}`);
  }

  async stop(): Promise<void> {
    await this.server.kill();
  }
}
