import assert from "node:assert/strict";
import type { MountConfig, MountRecord } from "@coffer/service";
import { wireRequest } from "@coffer/testkit";
import type { VaultAnswer, VaultTest } from "./vault-client.ts";

/** Mounts an auth method at `auth/PATH`. */
export async function mountAuth(
  t: VaultTest,
  type: string,
  path: string = type,
  config: MountConfig = {},
): Promise<MountRecord> {
  const { core } = t.test;
  const row: MountRecord = {
    path: `auth/${path}`,
    type,
    description: "",
    accessor: `auth_${type}_${core.randomness.id().slice(0, 8)}`,
    uuid: core.randomness.id(),
    createdAtMs: core.clock.nowMs(),
    config,
    revision: 1,
  };
  await core.commit([{ op: "insert", table: "mounts", row }]);
  return row;
}

/** Calls without a token, from an address. */
export async function callOpen(
  t: VaultTest,
  path: string,
  body: unknown,
  peerAddress = "127.0.0.1",
  more: Readonly<Record<string, unknown>> = {},
): Promise<VaultAnswer> {
  const request = wireRequest({ method: "POST", path: `/v1/${path}`, headers: {}, body });
  const answer = await t.wire({ ...request, peerAddress, ...more });
  const text = typeof answer.body === "string" ? answer.body : Buffer.from(answer.body).toString();
  return { status: answer.status, headers: answer.headers, text, json: text === "" ? undefined : JSON.parse(text) };
}

/** Asserts a refusal. */
export function refused(answer: VaultAnswer, status: number, ...errors: readonly string[]): void {
  assert.deepEqual({ status: answer.status, ...answer.json }, { status, errors });
}

/** Asserts a success; gives its `data`. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
export function dataOf(answer: VaultAnswer): any {
  assert.equal(answer.status, 200, answer.text);
  return answer.json.data;
}

/** Asserts a 204. */
export function done(answer: VaultAnswer): void {
  assert.equal(answer.status, 204, answer.text);
}

/** What Vault says of anything that is not allowed. */
export const permissionDenied = "1 error occurred:\n\t* permission denied\n\n";
