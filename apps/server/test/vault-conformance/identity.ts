import { rows } from "./rows.ts";
import { type Area, callersFault, type Difference, policy, step, wrongType } from "./scenario.ts";

/** The frame of every other refusal. */
const framed: readonly Difference[] = [
  { at: "body.errors.0", coffer: "1 error occurred:\n\t* permission denied\n\n", row: rows.identityGone },
];

export const identity: Area = {
  name: "identity",
  scenarios: [
    {
      name: "entities",
      steps: [
        step("GET identity/entity/name/i-ada"),
        step(
          "POST identity/entity",
          { name: "i-ada", metadata: { team: "a" }, policies: ["i-read"] },
          { keep: { id: "data.id" } },
        ),
        step("GET identity/entity/id/{{id}}"),
        step("GET identity/entity/name/i-ada", undefined, { only: ["data.id", "data.name", "data.policies"] }),
        step("POST identity/entity", { name: "i-ada", metadata: { team: "b" } }),
        step("POST identity/entity/id/{{id}}", { policies: ["i-read", "default"], disabled: true }),
        step("GET identity/entity/id/{{id}}"),
        step("POST identity/entity/name/i-bob", { policies: "i-read" }, { keep: { bob: "data.id" } }),
        step("LIST identity/entity/name", undefined, { only: [] }),
        step("POST identity/lookup/entity", { name: "i-bob" }),
        step("POST identity/lookup/entity", { name: "i-nobody" }),
        step("POST identity/lookup/entity", {}),
        step(
          "POST identity/entity",
          { name: "i-bad", metadata: "none" },
          {
            differs: wrongType("metadata", "expected name=value"),
          },
        ),
        step("POST identity/entity", { name: "i-root", policies: ["root"] }),
        step("DELETE identity/entity/id/{{bob}}"),
        step("GET identity/entity/name/i-bob"),
        step("DELETE identity/entity/id/{{id}}"),
        step("DELETE identity/entity/name/i-ada"),
        step("GET identity/entity/id/{{id}}"),
        step("GET identity/entity/id/00000000-0000-4000-8000-000000000000"),
      ],
    },
    {
      name: "merging entities",
      steps: [
        step("POST identity/entity", { name: "i-one" }, { keep: { one: "data.id" } }),
        step("POST identity/entity", { name: "i-two" }, { keep: { two: "data.id" } }),
        step("POST identity/entity/merge", { from_entity_ids: ["{{two}}"], to_entity_id: "{{one}}" }),
        step("GET identity/entity/name/i-two"),
        step("GET identity/entity/id/{{one}}", undefined, { only: ["data.merged_entity_ids"] }),
        step("DELETE identity/entity/id/{{one}}"),
      ],
    },
    {
      name: "aliases and groups decide with the token",
      steps: [
        policy("i-read", 'path "i-kv/*" { capabilities = ["read"] }'),
        policy("i-list", 'path "i-kv/*" { capabilities = ["list"] }'),
        step("POST sys/mounts/i-kv", { type: "kv", options: { version: "1" } }),
        step("POST i-kv/app", { a: 1 }),
        step("POST sys/auth/i-userpass", { type: "userpass" }),
        step("GET sys/auth/i-userpass", undefined, { keep: { mount: "data.accessor" }, only: ["type"] }),
        step("POST auth/i-userpass/users/ada", { password: "correct horse" }),
        step("POST identity/entity", { name: "i-user", policies: ["i-read"] }, { keep: { entity: "data.id" } }),
        step(
          "POST identity/entity-alias",
          { name: "ada", canonical_id: "{{entity}}", mount_accessor: "{{mount}}" },
          { keep: { alias: "data.id" } },
        ),
        step("GET identity/entity-alias/id/{{alias}}"),
        step(
          "POST auth/i-userpass/login/ada",
          { password: "correct horse" },
          { token: null, keep: { token: "auth.client_token" } },
        ),
        step("GET i-kv/app", undefined, { token: "{{token}}" }),
        step("LIST i-kv/", undefined, { token: "{{token}}" }),
        step(
          "POST identity/group",
          { name: "i-group", policies: ["i-list"], member_entity_ids: ["{{entity}}"] },
          { keep: { group: "data.id" } },
        ),
        step("GET identity/group/id/{{group}}"),
        step("LIST i-kv/", undefined, { token: "{{token}}" }),
        step("GET auth/token/lookup-self", undefined, {
          token: "{{token}}",
          only: ["data.policies", "data.identity_policies"],
          differs: [
            { at: "body.data.identity_policies.0", coffer: "i-list", row: rows.sortedPolicies },
            { at: "body.data.identity_policies.1", coffer: "i-read", row: rows.sortedPolicies },
          ],
        }),
        step(
          "POST identity/lookup/entity",
          { alias_name: "ada", alias_mount_accessor: "{{mount}}" },
          { only: ["data.name", "data.group_ids"] },
        ),
        step("POST identity/group", { name: "i-odd", type: "circle" }),
        step(
          "POST identity/group",
          { name: "i-odd", member_entity_ids: ["nobody"] },
          { differs: callersFault('invalid entity ID "nobody"') },
        ),
        step("POST identity/entity-alias", { name: "eve", canonical_id: "{{entity}}", mount_accessor: "wrong" }),
        step("POST identity/entity-alias", { name: "eve" }),
        step("DELETE identity/group/id/{{group}}"),
        step("LIST i-kv/", undefined, { token: "{{token}}" }),
        step("POST identity/entity/id/{{entity}}", { disabled: true }),
        step("GET i-kv/app", undefined, { token: "{{token}}", differs: framed }),
        step("DELETE identity/entity-alias/id/{{alias}}"),
        step("DELETE identity/entity/id/{{entity}}"),
        step("GET i-kv/app", undefined, { token: "{{token}}", differs: framed }),
        step("DELETE sys/mounts/i-kv"),
        step("DELETE sys/auth/i-userpass"),
      ],
    },
  ],
};
