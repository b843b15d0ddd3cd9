import assert from "node:assert/strict";
import { LoopbackProxy, openTestCore, type TestCore } from "@coffer/testkit";
import { createXksWire } from "@coffer/wire-xks";
import type { CustomKeyStoreRecord } from "../model/key-store.ts";
import { createAccessKey } from "../operations/admin/access-keys.ts";
import { connectCustomKeyStore } from "../operations/key-stores/connect-custom-key-store.ts";
import {
  type CreateCustomKeyStoreInput,
  createCustomKeyStore,
} from "../operations/key-stores/create-custom-key-store.ts";
import { describeCustomKeyStores } from "../operations/key-stores/describe-custom-key-stores.ts";
import { createKey } from "../operations/keys/create-key.ts";
import { execute } from "../pipeline/execute.ts";
import { CoreTest } from "./core-test.ts";

const uriPath = "/tests/kms/xks/v1";

/** A core with an external key store whose proxy is a second core, over TLS. */
export class ExternalStoreTest {
  readonly t: CoreTest;
  /** The core behind the proxy. */
  readonly remote: TestCore;
  readonly proxy: LoopbackProxy;
  /** What the proxy answers with unless a test says otherwise. */
  readonly honest: LoopbackProxy["handler"];
  readonly input: CreateCustomKeyStoreInput;

  private constructor(parts: Pick<ExternalStoreTest, "t" | "remote" | "proxy" | "input">) {
    this.t = parts.t;
    this.remote = parts.remote;
    this.proxy = parts.proxy;
    this.honest = parts.proxy.handler;
    this.input = parts.input;
  }

  static async open(): Promise<ExternalStoreTest> {
    const t = await CoreTest.open();
    const remote = await openTestCore({ region: "eu-central-1", account: "111122223333" });
    const root = { principalArn: "arn:aws:iam::111122223333:root", purpose: "xks" } as const;
    const { record, secretAccessKey } = await execute(remote.core, createAccessKey, root, remote.request());
    const proxy = await LoopbackProxy.start(createXksWire(remote.core, { version: "0.0.0", uriPath }));
    const credential = { accessKeyId: record.accessKeyId, secretAccessKey };
    const input = { name: "cellar", uriEndpoint: proxy.endpoint, uriPath, credential };
    return new ExternalStoreTest({ t, remote, proxy, input });
  }

  /** The id of a new key behind the proxy. */
  async externalKey(): Promise<string> {
    return (await execute(this.remote.core, createKey, {}, this.remote.request())).key.keyId;
  }

  /** A new key store, connected; gives its id. */
  async connected(): Promise<string> {
    const { keyStore } = await this.t.run(createCustomKeyStore, this.input);
    const { customKeyStoreId } = keyStore;
    await this.t.run(connectCustomKeyStore, { customKeyStoreId });
    assert.equal((await this.described(customKeyStoreId)).state, "connected");
    return customKeyStoreId;
  }

  async described(customKeyStoreId: string): Promise<CustomKeyStoreRecord> {
    const { items } = await this.t.run(describeCustomKeyStores, { customKeyStoreId });
    assert.equal(items.length, 1);
    return items[0]!;
  }

  /** Has the proxy refuse everything by a name. */
  refuse(status: number, errorName: string): void {
    this.proxy.handler = () => Promise.resolve({ status, headers: {}, body: JSON.stringify({ errorName }) });
  }

  /** Has the proxy answer nothing; resolves when it was asked. */
  async silence(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.proxy.handler = () => {
      resolve();
      return Promise.resolve(undefined);
    };
    return promise;
  }

  heal(): void {
    this.proxy.handler = this.honest;
  }

  async close(): Promise<void> {
    await this.proxy.close();
    await this.t.close();
    await this.remote.close();
    // Last: an open server would keep the process from its end.
    assert.deepEqual([...this.t.test.bugs, ...this.remote.bugs], []);
  }
}
