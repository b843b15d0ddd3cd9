import { rows } from "./rows.ts";
import { type Area, type Difference, type Step, step } from "./scenario.ts";

/** Without a token, or with the root token that initialising gave. */
const nobody = { token: null };
const owner = { token: "{{owner}}" };

/** A sealed server is no standby of another. */
const awake: readonly Difference[] = [{ at: "body.standby", coffer: false, row: rows.sealedStandby }];

function unseal(share: string, options: Partial<Step> = {}): Step {
  return step("PUT sys/unseal", { key: `{{${share}}}` }, { ...nobody, ...options });
}

export const seal: Area = {
  name: "seal",
  uninitialised: true,
  scenarios: [
    {
      name: "initialising and unsealing",
      steps: [
        step("GET sys/init", undefined, nobody),
        step("GET sys/seal-status", undefined, {
          ...nobody,
          only: ["type", "initialized", "sealed", "t", "n", "progress", "nonce"],
        }),
        step("GET sys/health", undefined, { ...nobody, only: ["initialized", "sealed", "standby"], differs: awake }),
        step("GET sys/health?uninitcode=299", undefined, { ...nobody, only: ["initialized", "sealed"] }),
        step("GET sys/mounts", undefined, nobody),
        step("PUT sys/unseal", { key: "00".repeat(33) }, nobody),
        step("PUT sys/init", {}, nobody),
        step("PUT sys/init", { secret_shares: 3, secret_threshold: 4 }, nobody),
        step("PUT sys/init", { secret_shares: 3, secret_threshold: 1 }, nobody),
        step("PUT sys/init", { secret_shares: 0, secret_threshold: 0 }, nobody),
        step("PUT sys/init", { secret_shares: 300, secret_threshold: 2 }, nobody),
        step(
          "PUT sys/init",
          { secret_shares: 3, secret_threshold: 2 },
          {
            ...nobody,
            keep: { first: "keys.0", second: "keys.1", third: "keys.2", owner: "root_token" },
            only: ["keys", "keys_base64", "root_token"],
            random: ["keys.0", "keys.1", "keys.2", "keys_base64.0", "keys_base64.1", "keys_base64.2"],
          },
        ),
        step("PUT sys/init", { secret_shares: 3, secret_threshold: 2 }, nobody),
        step("GET sys/init", undefined, nobody),
        step("GET sys/seal-status", undefined, { ...nobody, only: ["initialized", "sealed", "t", "n", "progress"] }),
        step("GET sys/health", undefined, { ...nobody, only: ["initialized", "sealed", "standby"], differs: awake }),
        step("GET sys/mounts", undefined, owner),
        step("GET transit/keys/k", undefined, owner),
        step("PUT sys/unseal", {}, nobody),
        step("PUT sys/unseal", { key: "no hex and no base64!" }, nobody),
        unseal("first", { only: ["sealed", "t", "n", "progress", "nonce"] }),
        unseal("first", { only: ["sealed", "progress"] }),
        step("PUT sys/unseal", { reset: true }, { ...nobody, only: ["sealed", "progress", "nonce"] }),
        unseal("second", { only: ["sealed", "progress"] }),
        unseal("third", { only: ["initialized", "sealed", "t", "n", "progress", "nonce"] }),
        unseal("third", { only: ["sealed"] }),
        step("GET sys/mounts", undefined, { ...owner, only: ["data.sys/.type"] }),
        step("GET auth/token/lookup-self", undefined, {
          ...owner,
          only: ["data.policies", "data.ttl", "data.orphan", "data.path"],
          differs: [{ at: "body.data.path", coffer: "auth/token/create", row: rows.madeAt }],
        }),
        step("GET sys/key-status", undefined, { ...owner, only: ["data.term"] }),
        step("PUT sys/rotate", undefined, owner),
        step("GET sys/key-status", undefined, { ...owner, only: ["data.term"] }),
        step("PUT sys/seal", undefined, nobody),
        step("PUT sys/seal", undefined, owner),
        step("GET sys/seal-status", undefined, { ...nobody, only: ["sealed", "progress"] }),
        step("GET sys/mounts", undefined, owner),
        step("PUT sys/seal", undefined, owner),
        unseal("first", { only: ["sealed", "progress"] }),
        unseal("third", { only: ["sealed", "progress"] }),
        step("PUT sys/step-down", undefined, owner),
      ],
    },
  ],
};
