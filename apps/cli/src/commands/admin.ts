import { OperatorError } from "@coffer/server/config";
import { clientOptions, describeRefusal, isRecord, openClient } from "../client.ts";
import { type Command, flagText, type Invocation, isOn, jsonOption } from "../command.ts";
import { print, printable, twoColumns } from "../terminal.ts";
import { managedPolicyRows } from "./admin-managed-policies.ts";
import { principalRows } from "./admin-roles.ts";
import {
  type AdminRow,
  markerOption,
  ofPrincipal,
  principalNote,
  readDocument,
  segment,
  withQuery,
} from "./admin-row.ts";

function lifetimeSeconds(invocation: Invocation): number | undefined {
  const text = flagText(invocation, "lifetime");
  if (text === undefined) return undefined;
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  if (match === null) throw new OperatorError(`--lifetime ${text} is not a duration such as 30m, 12h or 90d.`, 2);
  const secondsOf: ReadonlyMap<string, number> = new Map([
    ["s", 1],
    ["m", 60],
    ["h", 3600],
    ["d", 86_400],
  ]);
  return Number(match[1]) * (secondsOf.get(match[2]!) ?? 1);
}

const rows: readonly AdminRow[] = [
  ...principalRows,
  {
    name: "delete-principal",
    summary: "Delete a user or a role with its credentials and policies, at once",
    takes: ["user|role", "NAME"],
    example: "user alice",
    request: ([kind, name]) => ({ method: "DELETE", path: `/admin/principals/${segment(kind!)}/${segment(name!)}` }),
  },
  {
    name: "list-principals",
    summary: "List users and roles",
    takes: [],
    options: [markerOption],
    example: "",
    request: (_args, invocation) => ({
      method: "GET",
      path: withQuery("/admin/principals", { marker: flagText(invocation, "marker") }),
    }),
  },
  {
    name: "create-access-key",
    summary: "Make an access key for AWS clients; its secret is shown once",
    takes: ["PRINCIPAL"],
    notes: [principalNote],
    options: [
      {
        name: "purpose",
        placeholder: "api|xks",
        doc: "`xks`: with a secret as long as AWS KMS asks for with an external key store proxy.",
      },
    ],
    example: "user/alice",
    request: ([principal], invocation) => ({
      method: "POST",
      path: "/admin/access-keys",
      body: { principal, purpose: flagText(invocation, "purpose") },
    }),
  },
  {
    name: "delete-access-key",
    summary: "Delete an access key, at once",
    takes: ["ACCESS_KEY_ID"],
    example: "AKIAEXAMPLE",
    request: ([id]) => ({ method: "DELETE", path: `/admin/access-keys/${segment(id!)}` }),
  },
  {
    name: "create-token",
    summary: "Make a token for REST and Vault clients; it is shown once",
    takes: ["PRINCIPAL"],
    options: [
      { name: "name", placeholder: "TEXT", doc: "What the token is for." },
      {
        name: "lifetime",
        placeholder: "DURATION",
        doc: "How long it lives, such as 30m, 12h or 90d; for ever when absent.",
      },
    ],
    notes: [principalNote],
    example: "user/alice --name laptop --lifetime 12h",
    request: ([principal], invocation) => ({
      method: "POST",
      path: "/admin/tokens",
      body: { principal, name: flagText(invocation, "name"), lifetime_seconds: lifetimeSeconds(invocation) },
    }),
  },
  {
    name: "revoke-token",
    summary: "Revoke a token by its accessor, at once",
    takes: ["PRINCIPAL", "ACCESSOR"],
    notes: [principalNote],
    example: "user/alice ACCESSOR",
    request: ([principal, accessor]) => ({
      method: "DELETE",
      path: ofPrincipal(`/admin/tokens/${segment(accessor!)}`, principal!),
    }),
  },
  {
    name: "list-credentials",
    summary: "List the access keys and tokens of a principal, without their secrets",
    takes: ["PRINCIPAL"],
    notes: [principalNote],
    example: "user/alice",
    request: ([principal]) => ({ method: "GET", path: ofPrincipal("/admin/credentials", principal!) }),
  },
  {
    name: "put-policy",
    summary: "Put an inline policy on a principal; it holds for the next request",
    takes: ["PRINCIPAL", "NAME", "FILE"],
    notes: [principalNote, "FILE is an IAM policy document; - reads standard input."],
    example: "user/alice orders policy.json",
    request: ([principal, name, file], invocation) => ({
      method: "PUT",
      path: ofPrincipal(`/admin/policies/${segment(name!)}`, principal!),
      body: readDocument(file!, invocation),
    }),
  },
  {
    name: "delete-policy",
    summary: "Take an inline policy from a principal",
    takes: ["PRINCIPAL", "NAME"],
    notes: [principalNote],
    example: "user/alice orders",
    request: ([principal, name]) => ({
      method: "DELETE",
      path: ofPrincipal(`/admin/policies/${segment(name!)}`, principal!),
    }),
  },
  {
    name: "list-policies",
    summary: "List the inline policies of a principal",
    takes: ["PRINCIPAL"],
    notes: [principalNote],
    example: "user/alice",
    request: ([principal]) => ({ method: "GET", path: ofPrincipal("/admin/policies", principal!) }),
  },
  ...managedPolicyRows,
  {
    name: "put-key-policy",
    summary: "Replace the policy of a key; it holds for the next request",
    takes: ["KEY", "FILE"],
    notes: ["KEY is a name, a key id or an ARN. FILE is a key policy document; - reads standard input."],
    example: "orders policy.json",
    request: ([key, file], invocation) => ({
      method: "PUT",
      path: `/admin/key-policies/${segment(key!)}`,
      body: readDocument(file!, invocation),
    }),
  },
  {
    name: "get-key-policy",
    summary: "Read the policy of a key",
    takes: ["KEY"],
    example: "orders",
    request: ([key]) => ({ method: "GET", path: `/admin/key-policies/${segment(key!)}` }),
  },
  {
    name: "rotate-keyring",
    summary: "Make a new wrapping key and rewrap every stored secret under it, online",
    takes: [],
    example: "",
    request: () => ({ method: "POST", path: "/admin/keyring/rotate" }),
  },
];

/** `coffer admin ...`: the admin API of a running server. */
export const adminCommands: readonly Command[] = rows.map((row) => ({
  name: `admin ${row.name}`,
  summary: row.summary,
  usage: [...row.takes, "[OPTION]..."].join(" "),
  options: [...(row.options ?? []), ...clientOptions, jsonOption],
  maxPositionals: row.takes.length,
  notes: [...(row.notes ?? []), `Example: ${`coffer admin ${row.name} ${row.example}`.trimEnd()}`],
  run: (invocation) => runAdmin(row, invocation),
}));

async function runAdmin(row: AdminRow, invocation: Invocation): Promise<number> {
  const { positionals } = invocation;
  const missing = row.takes[positionals.length];
  if (missing !== undefined) {
    throw new OperatorError(`${missing} is missing; usage: coffer admin ${row.name} ${row.takes.join(" ")}`, 2);
  }
  const { method, path, body } = row.request(positionals, invocation);
  const answer = await openClient(invocation, { token: true }).send(method, path, body);
  if (answer.status >= 300) throw new OperatorError(printable(describeRefusal(answer)));
  if (isOn(invocation, "json")) print(JSON.stringify(answer.json ?? {}));
  else if (answer.status === 204) print("done");
  else printResult(answer.json);
  return 0;
}

/** Scalars as rows; lists and documents as indented JSON, which people read better than a table of nested things. */
function printResult(result: unknown): void {
  const scalars = isRecord(result) && Object.values(result).every((value) => typeof value !== "object");
  if (!scalars) {
    print(JSON.stringify(result, null, 2));
    return;
  }
  const facts = Object.entries(result).map(([name, value]): [string, string] => [name, printable(String(value))]);
  for (const line of twoColumns(facts, "")) print(line);
}
