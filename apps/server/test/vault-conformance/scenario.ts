import { rows } from "./rows.ts";

/** A value of JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * Something in which Coffer's answer is not the recorded one. The test fails when the answer is any other, and also
 * when it is the recorded one: then the difference is gone, and its row with it.
 */
export interface Difference {
  /** A path into `{ status, body }`, such as `status` or `body.data.keys.0`. */
  readonly at: string;
  /** What Coffer has there, normalised; left out when it has nothing there. */
  readonly coffer?: Json;
  /** The row of docs/divergences/vault.md, by its matter. */
  readonly row: string;
}

/** One request. `{{name}}` in its path, body, token or headers stands for what an earlier answer gave. */
export interface Step {
  /** Method and path below `/v1/`. */
  readonly request: string;
  readonly body?: Json;
  /** A body as it is, instead of JSON. */
  readonly text?: string;
  /** The token to send: the root token when left out, none when null. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** What later steps need of the answer: names, each with a path into the body. */
  readonly keep?: Readonly<Record<string, string>>;
  /** Paths into the body to base64 or hex of random bytes; their length is compared. */
  readonly random?: readonly string[];
  /** The only paths into the body that are compared, where the rest tells of other scenarios; none for the status alone. */
  readonly only?: readonly string[];
  readonly differs?: readonly Difference[];
}

/** Requests that depend on each other, on paths that no other scenario uses. */
export interface Scenario {
  readonly name: string;
  readonly steps: readonly Step[];
  /** What Coffer has not got yet: the scenario is recorded and not replayed. */
  readonly pending?: string;
}

/** Scenarios with one file of recorded answers. */
export interface Area {
  /** Of the file below vectors/openbao/answers. */
  readonly name: string;
  readonly scenarios: readonly Scenario[];
  /** Plays on a server that nobody has initialised; there is no root token then. */
  readonly uninitialised?: true;
}

/** A step. */
export function step(request: string, body?: Json, options: Omit<Step, "request" | "body"> = {}): Step {
  return { request, ...(body === undefined ? {} : { body }), ...options };
}

/** Enables a secrets engine. */
export function mount(path: string, type = "transit", options: Json = {}): Step {
  return step(`POST sys/mounts/${path}`, { type, options });
}

/** Disables it, so that listings of other scenarios do not have it. */
export function unmount(path: string): Step {
  return step(`DELETE sys/mounts/${path}`);
}

/** What the policies of most scenarios allow. */
export const reading = 'path "kv-read/*" { capabilities = ["read", "list"] }';

/** Writes a policy. */
export function policy(name: string, rules = reading, differs: readonly Difference[] = []): Step {
  return step(`POST sys/policies/acl/${name}`, { policy: rules }, { differs });
}

/** The version of a plugin, which is the server's own: at places in the body, or in the body itself. */
export function versionAt(...places: readonly string[]): readonly Difference[] {
  return places.map((place) => ({ at: `${place}.running_plugin_version`, coffer: "", row: rows.plugins }));
}

/** A fault of the caller, which the original takes for its own; `words` without its frame, where that is another. */
export function callersFault(words?: string): readonly Difference[] {
  return [
    { at: "status", coffer: 400, row: rows.fault },
    ...(words === undefined ? [] : [{ at: "body.errors.0", coffer: words, row: rows.fault }]),
  ];
}

/** A field that cannot be read, in Coffer's words. */
export function wrongType(field: string, expected: string): readonly Difference[] {
  const coffer = `Field validation failed: error converting input for field "${field}": ${expected}`;
  return [{ at: "body.errors.0", coffer, row: rows.wrongType }];
}

/** A token that is none. */
export const wrongToken: readonly Difference[] = [
  {
    at: "body.errors.0",
    coffer: "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n",
    row: rows.wrongToken,
  },
];

/** Base64 of a text. */
export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
