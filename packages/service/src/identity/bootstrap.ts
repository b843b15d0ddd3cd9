import type { Core } from "../core.ts";
import { rootArn } from "../model/arn.ts";
import { generateAccessKey } from "../operations/admin/access-keys.ts";
import { rootCredentialSetting } from "../operations/admin/own-principal.ts";
import { generateToken } from "../operations/admin/tokens.ts";
import { StoreConflict, type Write } from "../ports/store.ts";

/** The account root's first credentials. Shown once, never stored in the clear. */
export interface RootCredential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
}

type Maker = Pick<Core, "keyring" | "clock" | "randomness" | "account">;
type Bootstrapped = Maker & Pick<Core, "store" | "commit">;

/** What the setting says. While nobody was shown the credentials, it names them, so that they can be replaced. */
interface RootCredentialState {
  /** Absent means true. */
  readonly shown?: boolean;
  readonly accessKeyId?: string;
  readonly tokenDigest?: string;
}

async function readState(
  core: Pick<Core, "store">,
): Promise<{ state: RootCredentialState; revision: number } | undefined> {
  const stored = await core.store.get("settings", { name: rootCredentialSetting });
  return stored === undefined
    ? undefined
    : { state: JSON.parse(stored.value) as RootCredentialState, revision: stored.revision };
}

/**
 * Makes the account root's credentials on the first start, and anew on each one after it until they were shown
 * (`confirmRootCredential`): a start that failed or was killed in between must not lock everybody out.
 *
 * @param fixedToken the token to use instead of a random one (dev mode)
 * @returns undefined when they were made and shown before
 */
export async function makeRootCredential(core: Bootstrapped, fixedToken?: string): Promise<RootCredential | undefined> {
  const before = await readState(core);
  if (before !== undefined && before.state.shown !== false) return undefined;
  const { credential, state, writes } = newRootCredential(core, fixedToken);
  const value = JSON.stringify({ shown: false, ...state } satisfies RootCredentialState);
  const row = { name: rootCredentialSetting, value, revision: (before?.revision ?? 0) + 1 };
  await core.commit([
    ...unshownCredentials(before?.state),
    ...writes,
    { op: before === undefined ? "insert" : "update", table: "settings", row },
  ]);
  return credential;
}

/**
 * The account root's first credentials for whoever initializes the instance, and is given them with the answer. Nothing is
 * stored before `writes` are committed.
 */
export function firstRootCredential(core: Maker): {
  readonly credential: RootCredential;
  readonly writes: readonly Write[];
} {
  const { credential, writes } = newRootCredential(core);
  const value = JSON.stringify({ shown: true } satisfies RootCredentialState);
  const row = { name: rootCredentialSetting, value, revision: 1 };
  return { credential, writes: [...writes, { op: "insert", table: "settings", row }] };
}

function newRootCredential(core: Maker, fixedToken?: string) {
  const { account } = core;
  const arn = rootArn(account);
  const accessKey = generateAccessKey(core, arn, account);
  const token = generateToken(core, arn, account, {
    displayName: "root",
    ...(fixedToken === undefined ? {} : { token: fixedToken }),
  });
  const { accessKeyId } = accessKey.record;
  const credential: RootCredential = {
    accessKeyId,
    secretAccessKey: accessKey.secretAccessKey,
    token: token.token,
  };
  const writes: Write[] = [
    { op: "insert", table: "accessKeys", row: accessKey.record },
    { op: "insert", table: "tokens", row: token.record },
  ];
  return { credential, state: { accessKeyId, tokenDigest: token.record.digest }, writes };
}

function unshownCredentials(state: RootCredentialState | undefined): Write[] {
  const writes: Write[] = [];
  if (state?.accessKeyId !== undefined) {
    const key = { accessKeyId: state.accessKeyId };
    writes.push({ op: "delete", table: "accessKeys", key, revision: "any" });
  }
  if (state?.tokenDigest !== undefined) {
    writes.push({ op: "delete", table: "tokens", key: { digest: state.tokenDigest }, revision: "any" });
  }
  return writes;
}

const confirmAttempts = 8;

/** Notes that the account root's credentials were shown: from now on they stay. */
export async function confirmRootCredential(core: Pick<Core, "store" | "commit">): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await readState(core);
    if (before === undefined || before.state.shown !== false) return;
    const value = JSON.stringify({ shown: true } satisfies RootCredentialState);
    const row = { name: rootCredentialSetting, value, revision: before.revision + 1 };
    try {
      await core.commit([{ op: "update", table: "settings", row }]);
      return;
    } catch (error) {
      // Requests are served already, and one may count on the same row.
      if (!(error instanceof StoreConflict) || attempt === confirmAttempts) throw error;
    }
  }
}
