import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { OperatorError } from "@coffer/server/config";
import { clientOptions, describeRefusal, isRecord, openClient } from "../client.ts";
import { type Command, flagText, type Invocation, isOn, jsonOption, type OptionRow } from "../command.ts";
import { print, printable, twoColumns } from "../terminal.ts";

/** One request of the admin API. */
interface AdminRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  /** JSON, or the text of a document. */
  readonly body?: unknown;
}

/** One admin command: what it takes and what it sends. */
interface AdminRow {
  /** Second word of the name. */
  readonly name: string;
  readonly summary: string;
  /** Names of its positional arguments. */
  readonly takes: readonly string[];
  readonly options?: readonly OptionRow[];
  readonly notes?: readonly string[];
  readonly request: (args: readonly string[], invocation: Invocation) => AdminRequest;
}

const principalNote = "PRINCIPAL is user/NAME, role/NAME, root, or an ARN.";

function segment(text: string): string {
  return encodeURIComponent(text);
}

function ofPrincipal(path: string, principal: string): string {
  return `${path}?principal=${encodeURIComponent(principal)}`;
}

function readDocument(file: string, { workingDirectory }: Invocation): string {
  try {
    return readFileSync(file === "-" ? 0 : resolve(workingDirectory, file), "utf8");
  } catch (error) {
    throw new OperatorError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

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
  {
    name: "create-user",
    summary: "Make a user; it may do nothing until a policy allows it",
    takes: ["NAME"],
    request: ([name]) => ({ method: "POST", path: "/admin/principals", body: { kind: "user", name } }),
  },
  {
    name: "create-role",
    summary: "Make a role",
    takes: ["NAME"],
    request: ([name]) => ({ method: "POST", path: "/admin/principals", body: { kind: "role", name } }),
  },
  {
    name: "delete-principal",
    summary: "Delete a user or a role with its credentials and policies, at once",
    takes: ["user|role", "NAME"],
    request: ([kind, name]) => ({ method: "DELETE", path: `/admin/principals/${segment(kind!)}/${segment(name!)}` }),
  },
  {
    name: "list-principals",
    summary: "List users and roles",
    takes: [],
    options: [{ name: "marker", placeholder: "MARKER", doc: "`next` of the page before." }],
    request: (_args, invocation) => {
      const marker = flagText(invocation, "marker");
      return {
        method: "GET",
        path: marker === undefined ? "/admin/principals" : `/admin/principals?marker=${encodeURIComponent(marker)}`,
      };
    },
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
    request: ([principal]) => ({ method: "GET", path: ofPrincipal("/admin/credentials", principal!) }),
  },
  {
    name: "put-policy",
    summary: "Put an identity policy on a principal; it holds for the next request",
    takes: ["PRINCIPAL", "NAME", "FILE"],
    notes: [principalNote, "FILE is an IAM policy document; - reads standard input."],
    request: ([principal, name, file], invocation) => ({
      method: "PUT",
      path: ofPrincipal(`/admin/policies/${segment(name!)}`, principal!),
      body: readDocument(file!, invocation),
    }),
  },
  {
    name: "delete-policy",
    summary: "Take an identity policy from a principal",
    takes: ["PRINCIPAL", "NAME"],
    notes: [principalNote],
    request: ([principal, name]) => ({
      method: "DELETE",
      path: ofPrincipal(`/admin/policies/${segment(name!)}`, principal!),
    }),
  },
  {
    name: "list-policies",
    summary: "List the identity policies of a principal",
    takes: ["PRINCIPAL"],
    notes: [principalNote],
    request: ([principal]) => ({ method: "GET", path: ofPrincipal("/admin/policies", principal!) }),
  },
  {
    name: "put-key-policy",
    summary: "Replace the policy of a key; it holds for the next request",
    takes: ["KEY", "FILE"],
    notes: ["KEY is a name, a key id or an ARN. FILE is a key policy document; - reads standard input."],
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
    request: ([key]) => ({ method: "GET", path: `/admin/key-policies/${segment(key!)}` }),
  },
  {
    name: "rotate-keyring",
    summary: "Make a new wrapping key and rewrap every stored secret under it, online",
    takes: [],
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
  ...(row.notes === undefined ? {} : { notes: row.notes }),
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
