import { rows } from "./rows.ts";
import { type Area, callersFault, type Difference, policy, reading, step } from "./scenario.ts";

/** Where an error is: HCL counts otherwise. */
function elsewhere(coffer: string): readonly Difference[] {
  return [{ at: "body.errors.0", coffer: `failed to parse policy: ${coffer}`, row: rows.positions }];
}

export const policies: Area = {
  name: "policies",
  scenarios: [
    {
      name: "writing and reading",
      steps: [
        step("GET sys/policies/acl/p-new"),
        policy("p-new"),
        step("GET sys/policies/acl/p-new"),
        step("GET sys/policy/p-new"),
        step("PUT sys/policy/p-old", { policy: reading }),
        step("GET sys/policies/acl/p-old"),
        step("PUT sys/policies/acl/P-Upper", { policy: reading }),
        step("GET sys/policies/acl/p-upper"),
        step("DELETE sys/policies/acl/p-new"),
        step("DELETE sys/policies/acl/p-new"),
        step("GET sys/policies/acl/p-new"),
        step("GET sys/policies/acl/root"),
        step("DELETE sys/policies/acl/root"),
        step("DELETE sys/policies/acl/default"),
        step("POST sys/policies/acl/root", { policy: reading }),
        step("DELETE sys/policy/p-old"),
        step("DELETE sys/policies/acl/p-upper"),
      ],
    },
    {
      name: "refusals",
      steps: [
        step("POST sys/policies/acl/p-bad", {}),
        step("POST sys/policies/acl/p-bad", { policy: "" }),
        policy(
          "p-bad",
          "this is no policy",
          elsewhere("At 1:18: key 'this is no policy' expected start of object ('{') or assignment ('=')"),
        ),
        policy("p-bad", 'path "x" { capabilities = ["fly"] }'),
        policy("p-bad", 'path "x" { policy = "fly" }'),
        policy("p-bad", 'path "x" { colour = "red" }'),
        policy(
          "p-bad",
          'road "x" { capabilities = ["read"] }',
          elsewhere('1 error occurred:\n\t* invalid key "road" on line 1\n\n'),
        ),
        policy("p-bad", 'path "x+y/*/z" { capabilities = ["read"] }'),
        policy("p-bad", 'path "x" { capabilities = ["read"] min_wrapping_ttl = "2h" max_wrapping_ttl = "1h" }'),
        step("GET sys/policies/acl/p-bad"),
        step("POST sys/policies/acl/p-json", { policy: '{"path":{"x/*":{"capabilities":["read"]}}}' }),
        step("GET sys/policies/acl/p-json"),
        step("POST sys/policies/acl/p-base64", { policy: Buffer.from(reading).toString("base64") }),
        step("GET sys/policies/acl/p-base64"),
        step("DELETE sys/policies/acl/p-json"),
        step("DELETE sys/policies/acl/p-base64"),
      ],
    },
    {
      name: "capabilities",
      steps: [
        policy(
          "p-can",
          [
            'path "can/+/read" { capabilities = ["read"] }',
            'path "can/*" { capabilities = ["list"] }',
            'path "can/not/*" { capabilities = ["deny"] }',
            'path "can/exact" { capabilities = ["create", "update", "delete", "patch", "sudo"] }',
            'path "can/exact/" { capabilities = ["list"] }',
          ].join("\n"),
        ),
        step(
          "POST auth/token/create",
          { policies: ["p-can"], ttl: "1h" },
          { keep: { token: "auth.client_token", accessor: "auth.accessor" }, only: ["auth.policies"] },
        ),
        step(
          "POST sys/capabilities-self",
          { paths: ["can/a/read", "can/b", "can/not/x", "can/exact", "can/exact/", "cannot"] },
          { token: "{{token}}" },
        ),
        step("POST sys/capabilities-self", { path: "can/a/read" }, { token: "{{token}}" }),
        step("POST sys/capabilities", { token: "{{token}}", paths: ["can/b"] }),
        step("POST sys/capabilities-accessor", { accessor: "{{accessor}}", paths: ["can/b"] }),
        step("POST sys/capabilities-self", { paths: ["can/b"] }),
        step("POST sys/capabilities-self", {}, { token: "{{token}}" }),
        step("POST sys/capabilities", { paths: ["can/b"] }, { differs: callersFault() }),
        step("POST sys/capabilities", { token: "hvs.wrong", paths: ["can/b"] }),
        step("POST sys/capabilities-accessor", { accessor: "wrong", paths: ["can/b"] }),
      ],
    },
    {
      name: "they decide",
      steps: [
        step("POST sys/mounts/p-kv", { type: "kv", options: { version: "1" } }),
        step("POST p-kv/app/one", { a: 1 }),
        policy(
          "p-decide",
          [
            'path "p-kv/app/*" { capabilities = ["read"] }',
            'path "p-kv/write/*" { capabilities = ["create"] }',
            'path "p-kv/some/*" { capabilities = ["create", "update"] allowed_parameters = { "a" = ["1"], "b" = [] } denied_parameters = { "c" = [] } }',
            'path "p-kv/must/*" { capabilities = ["create", "update"] required_parameters = ["a"] }',
          ].join("\n"),
        ),
        step(
          "POST auth/token/create",
          { policies: ["p-decide"], ttl: "1h" },
          { keep: { token: "auth.client_token" }, only: ["auth.policies"] },
        ),
        ...[
          step("GET p-kv/app/one"),
          step("LIST p-kv/app"),
          step("POST p-kv/app/one", { a: 2 }),
          step("DELETE p-kv/app/one"),
          step("POST p-kv/write/new", { a: 1 }),
          step("POST p-kv/write/new", { a: 2 }),
          step("POST p-kv/some/x", { a: "1", b: "anything" }),
          step("POST p-kv/some/x", { a: "2" }),
          step("POST p-kv/some/x", { b: 1, c: 1 }),
          step("POST p-kv/some/x", { d: 1 }),
          step("POST p-kv/must/x", { b: 1 }),
          step("POST p-kv/must/x", { a: 1, b: 1 }),
          step("GET p-kv/other"),
          step("GET sys/mounts"),
          step("GET nowhere/at/all"),
        ].map((one) => ({ ...one, token: "{{token}}" })),
        step("DELETE sys/mounts/p-kv"),
      ],
    },
  ],
};
