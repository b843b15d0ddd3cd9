import { type Area, step } from "./scenario.ts";

const wrap = { headers: { "X-Vault-Wrap-TTL": "5m" } };

export const wrapping: Area = {
  name: "wrapping",
  scenarios: [
    {
      name: "any answer",
      steps: [
        step("GET sys/policies/acl/default", undefined, { ...wrap, keep: { token: "wrap_info.token" } }),
        step("POST sys/wrapping/lookup", { token: "{{token}}" }),
        step("POST sys/wrapping/lookup", { token: "{{token}}" }, { token: null }),
        step("POST sys/wrapping/unwrap", { token: "{{token}}" }, { only: ["data.name", "auth", "wrap_info"] }),
        step("POST sys/wrapping/unwrap", { token: "{{token}}" }),
        step("POST sys/wrapping/lookup", { token: "{{token}}" }),
        step("POST sys/wrapping/wrap", { hello: "world", n: 1 }, { ...wrap, keep: { token: "wrap_info.token" } }),
        step("POST sys/wrapping/unwrap", undefined, { token: "{{token}}" }),
        step(
          "POST sys/wrapping/wrap",
          { hello: "again" },
          { headers: { "X-Vault-Wrap-TTL": "60" }, keep: { token: "wrap_info.token" } },
        ),
        step("POST sys/wrapping/rewrap", { token: "{{token}}" }, { keep: { again: "wrap_info.token" } }),
        step("POST sys/wrapping/unwrap", { token: "{{token}}" }),
        step("POST sys/wrapping/unwrap", { token: "{{again}}" }),
        step(
          "POST auth/token/create",
          { policies: ["default"], ttl: "1h" },
          { ...wrap, keep: { token: "wrap_info.token" } },
        ),
        step("POST sys/wrapping/unwrap", { token: "{{token}}" }),
        step("POST sys/wrapping/wrap", { hello: "world" }),
        step("POST sys/wrapping/wrap", { hello: "world" }, { headers: { "X-Vault-Wrap-TTL": "soon" } }),
        step("POST sys/wrapping/wrap", { hello: "world" }, { headers: { "X-Vault-Wrap-TTL": "-5m" } }),
        step("POST sys/wrapping/unwrap", { token: "hvs.wrong" }),
        step("POST sys/wrapping/unwrap", {}, { token: null }),
        step("POST sys/wrapping/lookup", {}),
        step("POST sys/wrapping/rewrap", { token: "wrong" }),
        step("GET sys/policies/acl/missing", undefined, wrap),
      ],
    },
  ],
};
