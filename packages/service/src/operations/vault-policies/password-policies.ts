import { type PasswordPolicy, parsePasswordPolicy } from "@coffer/policy";
import { invariant, ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import type { Randomness } from "../../ports/randomness.ts";
import type { VaultEntries, VaultEntry } from "../../vault/vault-entries.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";

/** Where password policies are, by name, whose case counts. */
const passwordPolicyArea = "sys/password-policy";

interface StoredPasswordPolicy {
  readonly text: string;
}

const shared = {
  plane: "control",
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
} as const;

function refuse(problem: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason: `1 error occurred:\n\t* ${problem}\n\n` });
}

async function find(entries: VaultEntries, name: string): Promise<VaultEntry<StoredPasswordPolicy>> {
  const found = await entries.get<StoredPasswordPolicy>(passwordPolicyArea, name);
  if (found !== undefined) return found;
  throw ServiceError.of("NotFound", { resource: "policy", id: name, reason: "policy does not exist" });
}

/** Vault API: sys/policies/password, list. */
export const listPasswordPolicies = defineOperation<null, { readonly names: readonly string[] }>({
  ...shared,
  name: "ListPasswordPolicies",
  readOnly: true,
  record: () => null,
  async run({ core }) {
    const names: string[] = [];
    for (let after: string | undefined; ; after = names.at(-1)) {
      const page = await core.store.listVaultEntries(passwordPolicyArea, after, limits.pageItems.value);
      names.push(...page.map(({ name }) => name));
      if (page.length < limits.pageItems.value) return { names };
    }
  },
});

/** Vault API: sys/policies/password/NAME, read. Errors: NotFound. */
export const readPasswordPolicy = defineOperation<{ readonly name: string }, { readonly text: string }>({
  ...shared,
  name: "ReadPasswordPolicy",
  readOnly: true,
  record: ({ name }) => ({ name }),
  run: async ({ core, input }) => (await find(core.vaultEntries, input.name)).value,
});

/** Vault API: sys/policies/password/NAME, write. Errors: InvalidInput. */
export const writePasswordPolicy = defineOperation<{ readonly name: string; readonly text: string }, null>({
  ...shared,
  name: "WritePasswordPolicy",
  readOnly: false,
  record: ({ name }) => ({ name }),
  async run({ core, input: { name, text } }) {
    if (text === "") refuse("missing policy");
    const max = limits.vaultPolicyNameChars.value;
    if (name.length > max) refuse(`a policy name has at most ${max} characters`);
    const parsed = parsePasswordPolicy(text);
    if (!parsed.ok) {
      refuse(parsed.reason.startsWith("passwords must") ? parsed.reason : `invalid password policy: ${parsed.reason}`);
    }
    const password = passwordOf(parsed.policy, core.randomness);
    if (password === undefined) {
      refuse("unable to construct test password from provided policy: are the rules impossible?");
    }
    password.fill(0);
    const stored: StoredPasswordPolicy = { text };
    await core.commit(core.vaultEntries.replace(passwordPolicyArea, name, stored));
    return null;
  },
});

/** Vault API: sys/policies/password/NAME, delete. Deleting what is not there succeeds. */
export const deletePasswordPolicy = defineOperation<{ readonly name: string }, null>({
  ...shared,
  name: "DeletePasswordPolicy",
  readOnly: false,
  record: ({ name }) => ({ name }),
  async run({ core, input }) {
    const found = await core.vaultEntries.get(passwordPolicyArea, input.name);
    if (found !== undefined) await core.commit([core.vaultEntries.delete(found)]);
    return null;
  },
});

/** Vault API: sys/policies/password/NAME/generate. The password is UTF-8; whoever gets it wipes it. Errors: NotFound. */
export const generatePassword = defineOperation<{ readonly name: string }, { readonly password: Buffer }>({
  ...shared,
  name: "GeneratePassword",
  readOnly: true,
  record: ({ name }) => ({ name }),
  async run({ core, input }) {
    const parsed = parsePasswordPolicy((await find(core.vaultEntries, input.name)).value.text);
    invariant(parsed.ok, "a stored password policy parses");
    const password = passwordOf(parsed.policy, core.randomness);
    if (password === undefined) refuse("failed to generate password from policy: timed out generating string");
    return { password };
  },
  wipe: ({ password }) => password.fill(0),
});

/** Rules that are met more rarely than this are refused: nobody should wait for them. */
const mostTries = 1000;

/**
 * A password that meets the policy. Candidates are drawn from all sets together until one meets the rules, so that every
 * password that meets them is as likely as another.
 *
 * @returns undefined where rules are met too rarely
 */
function passwordOf({ length, rules }: PasswordPolicy, randomness: Randomness): Buffer | undefined {
  const alphabet = [...new Set(rules.flatMap((rule) => rule.charset))];
  const sets = rules.map(({ charset, minChars }) => ({ members: new Set(charset), minChars }));
  for (let tries = 0; tries < mostTries; tries += 1) {
    const indexes = randomIndexes(alphabet.length, length, randomness);
    const meets = sets.every(({ members, minChars }) => {
      return indexes.reduce((count, index) => count + Number(members.has(alphabet[index]!)), 0) >= minChars;
    });
    const password = meets ? encode(alphabet, indexes) : undefined;
    indexes.fill(0);
    if (password !== undefined) return password;
  }
  return undefined;
}

function encode(alphabet: readonly string[], indexes: Uint8Array): Buffer {
  const most = Buffer.alloc(indexes.length * 4);
  let bytes = 0;
  for (const index of indexes) bytes += most.write(alphabet[index]!, bytes);
  const password = Buffer.from(most.subarray(0, bytes));
  most.fill(0);
  return password;
}

/** Indexes below `size`, at most 256, each as likely as another: bytes that would favour some are drawn again. */
function randomIndexes(size: number, count: number, randomness: Randomness): Uint8Array {
  const indexes = new Uint8Array(count);
  const ceiling = 256 - (256 % size);
  for (let at = 0; at < count; ) {
    const bytes = randomness.bytes(count);
    for (const byte of bytes) {
      if (byte < ceiling && at < count) {
        indexes[at] = byte % size;
        at += 1;
      }
    }
    bytes.fill(0);
  }
  return indexes;
}
