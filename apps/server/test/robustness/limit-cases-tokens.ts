import { limits } from "@coffer/service";
import { bounded, elsewhere, type LimitCase, letters } from "./limit-cases.ts";
import { assertRefusal } from "./refusals.ts";
import { succeeded, Wires } from "./wires.ts";

/** Limits of tokens and what is kept with them. */
export type TokenLimit =
  | "vaultTokenPolicies"
  | "vaultTokenMetaBytes"
  | "vaultTokenNameChars"
  | "vaultTokenCidrs"
  | "vaultTokenDepth"
  | "batchTokenChars"
  | "vaultTokenRoleBytes"
  | "wrappedAnswerBytes";

const create = (wires: Wires, body: object) => wires.vault("POST", "auth/token/create", body);
const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `${prefix}${at}`);

/** One case for each limit of tokens and what is kept with them. */
export const tokenLimitCases: Readonly<Record<TokenLimit, LimitCase>> = {
  vaultTokenPolicies: bounded(
    "vault",
    limits.vaultTokenPolicies.value,
    (wires, count) => create(wires, { policies: numbered("p", count), no_default_policy: true }),
    "a token has at most 200 policies",
  ),
  vaultTokenMetaBytes: bounded(
    "vault",
    limits.vaultTokenMetaBytes.value,
    // As JSON it is {"k":"..."}.
    (wires, bytes) => create(wires, { meta: { k: letters(bytes - 8) } }),
    "a token has at most 8192 bytes of metadata",
  ),
  vaultTokenNameChars: bounded(
    "vault",
    limits.vaultTokenNameChars.value,
    (wires, chars) => create(wires, { display_name: letters(chars - "token-".length) }),
    "a token has at most 512 characters in its display name",
  ),
  vaultTokenCidrs: bounded(
    "vault",
    limits.vaultTokenCidrs.value,
    async (wires, count) => {
      const token_bound_cidrs = Array.from({ length: count }, (_, at) => `10.0.${at}.0/24`);
      succeeded(await wires.vault("POST", "auth/token/roles/networks", { token_bound_cidrs }));
      return wires.vault("POST", "auth/token/create/networks", { policies: ["default"] });
    },
    "a token has at most 100 bound CIDRs",
  ),
  async vaultTokenDepth({ wires }) {
    let maker = wires;
    // The server's own token is the first of them.
    for (let depth = 1; depth < limits.vaultTokenDepth.value; depth += 1) {
      const { auth } = succeeded(await create(maker, {}));
      maker = new Wires(wires.client, { ...wires.access, token: auth.client_token });
    }
    assertRefusal(
      "vault",
      await create(maker, {}),
      400,
      "at most 32 tokens can each make the next one; make an orphan",
    );
  },
  batchTokenChars: elsewhere("packages/wire-vault/test/batch-tokens.test.ts", "limits.batchTokenChars.value"),
  vaultTokenRoleBytes: elsewhere("packages/wire-vault/test/token-roles.test.ts", "limits.vaultTokenRoleBytes.value"),
  wrappedAnswerBytes: elsewhere("packages/wire-vault/test/wrapping.test.ts", "limits.wrappedAnswerBytes.value"),
};
