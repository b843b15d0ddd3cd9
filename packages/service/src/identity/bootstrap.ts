import type { Core } from "../core.ts";
import { rootArn } from "../model/arn.ts";
import { generateAccessKey } from "../operations/admin/access-keys.ts";
import { rootCredentialSetting } from "../operations/admin/own-principal.ts";
import { generateToken } from "../operations/admin/tokens.ts";

/** The account root's first credentials. Shown once, never stored in the clear. */
export interface RootCredential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
}

/**
 * Makes the account root's credentials on the first start.
 *
 * @param fixedToken the token to use instead of a random one (dev mode)
 * @returns undefined when they were made before
 */
export async function makeRootCredential(
  core: Pick<Core, "store" | "commit" | "keyring" | "clock" | "randomness" | "account">,
  fixedToken?: string,
): Promise<RootCredential | undefined> {
  if ((await core.store.get("settings", { name: rootCredentialSetting })) !== undefined) return undefined;
  const { account } = core;
  const arn = rootArn(account);
  const accessKey = generateAccessKey(core, arn, account);
  const token = generateToken(core, arn, account, {
    displayName: "root",
    ...(fixedToken === undefined ? {} : { token: fixedToken }),
  });
  await core.commit([
    { op: "insert", table: "accessKeys", row: accessKey.record },
    { op: "insert", table: "tokens", row: token.record },
    {
      op: "insert",
      table: "settings",
      row: { name: rootCredentialSetting, value: JSON.stringify({ atMs: core.clock.nowMs() }), revision: 1 },
    },
  ]);
  return {
    accessKeyId: accessKey.record.accessKeyId,
    secretAccessKey: accessKey.secretAccessKey,
    token: token.token,
  };
}
