import { rows } from "./rows.ts";
import { type Area, callersFault, type Difference, type Step, step } from "./scenario.ts";

const nobody = { token: null };
const owner = { token: "{{owner}}" };
const repeated = "given key has already been provided during this generation operation";
const newKeys = ["keys.0", "keys.1", "keys.2"].map((place) => `data.${place}`);
const base64Keys = ["keys_base64.0", "keys_base64.1", "keys_base64.2"].map((place) => `data.${place}`);

const status = [
  "data.started",
  "data.t",
  "data.n",
  "data.progress",
  "data.required",
  "data.nonce",
  "data.verification_required",
];

/** Coffer's status has every member, whether something is under way or not. */
const idle: readonly Difference[] = [
  { at: "body.data.nonce", coffer: "", row: rows.idle },
  { at: "body.data.progress", coffer: 0, row: rows.idle },
  { at: "body.data.verification_required", coffer: false, row: rows.idle },
];

function give(path: string, share: string, nonce: string, options: Partial<Step> = {}): Step {
  return step(`PUT ${path}`, { key: `{{${share}}}`, nonce: `{{${nonce}}}` }, { ...owner, ...options });
}

/** What the original says here in words of its own, and Coffer as at `sys/rekey` and `sys/generate-root`. */
function words(coffer: string): { readonly differs: readonly Difference[] } {
  return { differs: [{ at: "body.errors.0", coffer, row: rows.shareWords }] };
}

const root = "sys/rotate/root";
const token = "sys/generate-root-token";

export const shares: Area = {
  name: "shares",
  uninitialised: true,
  scenarios: [
    {
      name: "replacing shares and making a root token",
      steps: [
        step(
          "PUT sys/init",
          { secret_shares: 3, secret_threshold: 2 },
          {
            ...nobody,
            keep: { first: "keys.0", second: "keys.1", third: "keys.2", owner: "root_token" },
            only: ["root_token"],
          },
        ),
        step(`GET ${root}/init`, undefined, owner),
        step("PUT sys/unseal", { key: "{{first}}" }, { ...nobody, only: ["progress"] }),
        step("PUT sys/unseal", { key: "{{second}}" }, { ...nobody, only: ["sealed"] }),
        step(`GET ${root}/init`, undefined, { ...owner, only: status, differs: idle }),
        step(`GET ${root}/init`, undefined, nobody),
        step(
          `PUT ${root}/update`,
          { key: "00".repeat(33), nonce: "x" },
          { ...owner, ...words("no barrier rekey in progress") },
        ),
        step(
          `PUT ${root}/init`,
          { secret_shares: 3, secret_threshold: 4 },
          {
            ...owner,
            ...words("invalid rekey seal configuration: threshold cannot be larger than shares"),
          },
        ),
        step(
          "PUT sys/rotate/recovery/init",
          { secret_shares: 3, secret_threshold: 2 },
          {
            ...owner,
            ...words("recovery rekeying not supported"),
          },
        ),
        step(
          `PUT ${root}/init`,
          { secret_shares: 3, secret_threshold: 2 },
          { ...owner, only: status, keep: { nonce: "data.nonce" } },
        ),
        step(
          `PUT ${root}/init`,
          { secret_shares: 3, secret_threshold: 2 },
          {
            ...owner,
            ...words("rekey already in progress"),
          },
        ),
        step(`PUT ${root}/update`, { key: "{{first}}" }, owner),
        step(`PUT ${root}/update`, { nonce: "{{nonce}}" }, owner),
        step(`PUT ${root}/update`, { key: "no share", nonce: "{{nonce}}" }, owner),
        give(`${root}/update`, "first", "nonce", { only: status }),
        give(`${root}/update`, "first", "nonce", words(repeated)),
        give(`${root}/update`, "third", "nonce", {
          only: ["data.complete", "data.nonce", "data.keys", "data.keys_base64", "data.verification_required"],
          random: [...newKeys, ...base64Keys],
          keep: { first: "data.keys.0", second: "data.keys.1", third: "data.keys.2" },
        }),
        step(`GET ${root}/init`, undefined, { ...owner, only: ["data.started", "data.required"] }),
        step(
          `PUT ${root}/init`,
          { secret_shares: 3, secret_threshold: 2, require_verification: true },
          { ...owner, only: status, keep: { nonce: "data.nonce" } },
        ),
        step(`GET ${root}/verify`, undefined, owner),
        give(`${root}/verify`, "first", "nonce", words("no rekey verification in progress")),
        give(`${root}/update`, "first", "nonce", { only: ["data.progress"] }),
        give(`${root}/update`, "second", "nonce", {
          only: ["data.complete", "data.verification_required", "data.verification_nonce"],
          keep: { verify: "data.verification_nonce", newFirst: "data.keys.0", newSecond: "data.keys.1" },
        }),
        step(`GET ${root}/verify`, undefined, owner),
        give(`${root}/verify`, "newFirst", "verify"),
        give(`${root}/verify`, "newSecond", "verify"),
        step(`GET ${root}/verify`, undefined, { ...owner, ...words("no rekey configuration found") }),
        step(`DELETE ${root}/init`, undefined, owner),

        step(`GET ${token}/attempt`, undefined, {
          ...owner,
          only: ["data.started", "data.complete", "data.progress", "data.required", "data.otp"],
        }),
        step(`PUT ${token}/attempt`, { otp: "short" }, owner),
        step(
          `PUT ${token}/update`,
          { key: "00".repeat(33), nonce: "x" },
          {
            ...owner,
            differs: callersFault("no root generation in progress"),
          },
        ),
        step(
          `PUT ${token}/attempt`,
          {},
          {
            ...owner,
            only: ["data.started", "data.complete", "data.progress", "data.required", "data.nonce"],
            keep: { nonce: "data.nonce" },
          },
        ),
        step(`PUT ${token}/attempt`, {}, { ...owner, ...words("root generation already in progress") }),
        step(`PUT ${token}/update`, { nonce: "{{nonce}}" }, owner),
        step(`PUT ${token}/update`, { key: "{{newFirst}}" }, owner),
        give(`${token}/update`, "newFirst", "nonce"),
        give(`${token}/update`, "newFirst", "nonce", { differs: callersFault(repeated) }),
        give(`${token}/update`, "newSecond", "nonce", {
          only: ["data.started", "data.complete", "data.progress", "data.required", "data.nonce"],
        }),
        step(`DELETE ${token}/attempt`, undefined, owner),
        step("PUT sys/rotate/keyring", undefined, owner),
        step("GET sys/key-status", undefined, { ...owner, only: ["data.term", "term"] }),
      ],
    },
  ],
};
