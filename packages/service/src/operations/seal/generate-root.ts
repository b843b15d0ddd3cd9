import { rootArn } from "../../model/arn.ts";
import { type Call, defineOperation } from "../../pipeline/operation.ts";
import type { HiddenRootToken, RootTokenStatus } from "../../seal/root-token-attempts.ts";
import { sealEventSource } from "../../seal/seal-event.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";
import { principalChanged } from "../admin/own-principal.ts";
import { clearExpired, generateToken } from "../admin/tokens.ts";

const parts = {
  plane: "control",
  eventSource: sealEventSource,
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
} as const;

/** Vault API: GET sys/generate-root/attempt. */
export const readRootGeneration = defineOperation<null, RootTokenStatus>({
  ...parts,
  name: "ReadRootGeneration",
  readOnly: true,
  record: () => null,
  run: ({ core }) => core.rootTokens.status(),
});

/** Vault API: PUT sys/generate-root/attempt. Returns the one-time password when the caller brought none. */
export const startRootGeneration = defineOperation<{ readonly password: string | undefined }, string | undefined>({
  ...parts,
  name: "StartRootGeneration",
  readOnly: false,
  record: () => null,
  run: ({ core, input }) => core.rootTokens.start(input.password, core.randomness),
});

/**
 * Vault API: PUT sys/generate-root/update. The last share of a quorum makes a token of the account root, whatever the
 * caller's own policies are: the holders of the shares decide.
 */
export const submitRootGenerationShare = defineOperation<
  { readonly share: Uint8Array; readonly nonce: string },
  HiddenRootToken | undefined
>({
  ...parts,
  name: "SubmitRootGenerationShare",
  readOnly: false,
  record: () => null,
  recordOutput: (made) => ({ complete: made !== undefined }),
  run: (call) => {
    const { core, input } = call;
    return core.rootTokens.submit(input.share, input.nonce, core.keyring, () => makeRootToken(call));
  },
});

/** Vault API: DELETE sys/generate-root/attempt. With a nonce, it cancels the one of that name only. */
export const cancelRootGeneration = defineOperation<{ readonly nonce: string | undefined }, null>({
  ...parts,
  name: "CancelRootGeneration",
  readOnly: false,
  record: () => null,
  run({ core, input }) {
    core.rootTokens.cancel(input.nonce);
    return null;
  },
});

async function makeRootToken({ core, request, nowMs }: Call<unknown>): Promise<string> {
  const arn = rootArn(core.account);
  const changed = await principalChanged(core, arn, request);
  const cleared = await clearExpired(core, arn, nowMs);
  const { record, token } = generateToken(core, arn, core.account, { displayName: "generated-root" });
  await core.commit([...changed, ...cleared, { op: "insert", table: "tokens", row: record }]);
  return token;
}
