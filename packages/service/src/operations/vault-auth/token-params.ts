import { isAddress } from "../../vault/cidrs.ts";
import { refuseInput } from "./auth-operation.ts";

/** What tokens of a role or user are like: the `token_...` parameters that all auth methods share. Times are seconds. */
export interface TokenParams {
  readonly boundCidrs: readonly string[];
  readonly explicitMaxTtl: number;
  readonly maxTtl: number;
  readonly noDefaultPolicy: boolean;
  readonly numUses: number;
  readonly period: number;
  readonly policies: readonly string[];
  readonly strictlyBindIp: boolean;
  readonly ttl: number;
  readonly type: "default" | "service" | "batch";
}

/** Parameters as they were given; `type` is any text. Members that were not given are absent. */
export type TokenParamChanges = Partial<Omit<TokenParams, "type">> & { readonly type?: string };

/** Of a role that says nothing of its tokens. */
export const plainTokenParams: TokenParams = {
  boundCidrs: [],
  explicitMaxTtl: 0,
  maxTtl: 0,
  noDefaultPolicy: false,
  numUses: 0,
  period: 0,
  policies: [],
  strictlyBindIp: false,
  ttl: 0,
  type: "default",
};

const tokenTypes: ReadonlyMap<string, TokenParams["type"]> = new Map([
  ["", "default"],
  ["default", "default"],
  ["service", "service"],
  ["batch", "batch"],
]);

/**
 * Parameters with changes (OpenBao, sdk/helper/tokenutil: `ParseTokenFields`, whose words the refusals have).
 *
 * @throws ServiceError InvalidInput
 */
export function changeTokenParams(now: TokenParams, changes: TokenParamChanges): TokenParams {
  const type = changes.type === undefined ? now.type : tokenTypes.get(changes.type);
  if (type === undefined) refuseInput(`invalid 'token_type' value ${quote(changes.type ?? "")}`);
  const params: TokenParams = { ...now, ...changes, type };
  checkAddresses(params.boundCidrs);
  if (params.numUses < 0) refuseInput("'token_num_uses' cannot be negative");
  if (type === "batch" && params.period !== 0) {
    refuseInput("'token_type' cannot be 'batch' or 'default_batch' when set to generate periodic tokens");
  }
  if (type === "batch" && params.numUses !== 0) {
    refuseInput("'token_type' cannot be 'batch' or 'default_batch' when set to generate tokens with limited use count");
  }
  if (params.ttl > 0 && params.maxTtl > 0 && params.ttl > params.maxTtl) {
    refuseInput("'token_ttl' cannot be greater than 'token_max_ttl'");
  }
  if (params.strictlyBindIp && params.boundCidrs.length > 0) {
    refuseInput("'token_strictly_bind_ip' conflicts with 'token_bound_cidrs'; set only one");
  }
  return params;
}

const shownChars = 64;

function quote(text: string): string {
  return JSON.stringify(text.slice(0, shownChars));
}

/** @throws ServiceError InvalidInput unless each is an address or a range of them */
export function checkAddresses(texts: readonly string[]): void {
  const wrong = texts.find((text) => !isAddress(text));
  if (wrong === undefined) return;
  const shown = quote(wrong);
  refuseInput(
    `error parsing address ${shown}: Unable to convert ${shown} to an IPv4 or IPv6 address, or a UNIX Socket`,
  );
}

/** Names of policies as some parameters keep them: lower case, each once, sorted. */
export function parsePolicies(policies: readonly string[]): readonly string[] {
  const names = new Set(policies.map((policy) => policy.trim().toLowerCase()).filter((policy) => policy !== ""));
  return [...names].sort();
}
