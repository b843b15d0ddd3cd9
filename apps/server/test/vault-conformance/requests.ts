import { rows } from "./rows.ts";
import { type Area, base64, type Difference, mount, step, unmount, wrongType } from "./scenario.ts";

const plaintext = base64("hello");

function error(coffer: string, row: string): readonly Difference[] {
  return [{ at: "body.errors.0", coffer, row }];
}

/** A refusal where the original gives data. */
function refused(coffer: string, row: string): readonly Difference[] {
  return [
    { at: "status", coffer: 400, row },
    { at: "body.errors", coffer: [coffer], row },
    ...["request_id", "lease_id", "renewable", "lease_duration", "data", "wrap_info", "warnings", "auth"].map(
      (name) => ({ at: `body.${name}`, row }),
    ),
  ];
}

const noObject = error("failed to parse JSON input: the body must be a JSON object", rows.badBody);
const noNumber = wrongType("key_version", "expected a whole number");

function noJson(offset: number): readonly Difference[] {
  return error(`failed to parse JSON input: invalid JSON at offset ${offset}`, rows.badBody);
}

export const requests: Area = {
  name: "requests",
  scenarios: [
    {
      name: "bodies",
      steps: [
        mount("r-body"),
        step("POST r-body/keys/k", {}),
        step("POST r-body/encrypt/k", undefined, { text: "" }),
        step("POST r-body/encrypt/k", undefined, { text: "{", differs: noJson(1) }),
        step("POST r-body/encrypt/k", undefined, { text: "hello", differs: noJson(0) }),
        step("POST r-body/encrypt/k", undefined, { text: "[]", differs: noObject }),
        step("POST r-body/encrypt/k", undefined, { text: "null" }),
        step("POST r-body/encrypt/k", undefined, { text: '"text"', differs: noObject }),
        step("POST r-body/encrypt/k", undefined, {
          text: `{"plaintext":"${plaintext}"} trailing`,
          differs: noJson(25),
        }),
        step("POST r-body/encrypt/k", { plaintext }, { headers: { "Content-Type": "text/plain" } }),
        step("POST r-body/encrypt/k", undefined, {
          text: `plaintext=${plaintext}`,
          headers: { "Content-Type": "application/x-www-form-urlencoded" },
        }),
        step("POST r-body/encrypt/k", { PLAINTEXT: plaintext }),
        step(
          "POST r-body/encrypt/k",
          { plaintext: null },
          { differs: refused("missing plaintext to encrypt", rows.nothing) },
        ),
        step(
          "POST r-body/encrypt/k",
          { plaintext: [plaintext] },
          {
            differs: wrongType("plaintext", "expected text"),
          },
        ),
        step("POST r-body/encrypt/k", { plaintext, key_version: "1" }),
        step("POST r-body/encrypt/k", { plaintext, key_version: 1.5 }, { differs: noNumber }),
        step("POST r-body/encrypt/k", { plaintext, key_version: "x" }, { differs: noNumber }),
        step("POST r-body/encrypt/k?plaintext=aGVsbG8=", {}),
        step("PUT r-body/encrypt/k", { plaintext }),
        unmount("r-body"),
      ],
    },
    {
      name: "paths and methods",
      steps: [
        mount("r-path"),
        step("POST r-path/keys/k", {}),
        step("GET r-path/keys/k/"),
        step("GET r-path//keys/k", undefined, {
          differs: [
            { at: "status", coffer: 400, row: rows.segments },
            {
              at: "body",
              coffer: { errors: ["The path must not hold empty segments, '.' or '..'."] },
              row: rows.segments,
            },
          ],
        }),
        step("GET r-path/keys/k%2Fx"),
        step("GET r-path/keys/k%20x"),
        step("GET r-path/keys/k?list=true"),
        step("GET r-path/keys?list=maybe", undefined, {
          differs: error("the query parameter list must be true or false", rows.which),
        }),
        step("GET r-path"),
        step("LIST r-path"),
        step("GET r-path/"),
        step("GET r-path/nothing"),
        step("DELETE r-path/encrypt/k"),
        step("OPTIONS r-path/keys/k", undefined, {
          differs: [
            { at: "status", coffer: 405, row: rows.methods },
            { at: "body.errors.0", coffer: "1 error occurred:\n\t* unsupported operation\n\n", row: rows.methods },
          ],
        }),
        step("HEAD r-path/keys/k"),
        step("GET r-path/keys/.hidden"),
        step("POST r-path/keys/-k", {}),
        step("POST r-path/keys/k-", {}),
        step("POST r-path/keys/k.v_1", {}),
        unmount("r-path"),
      ],
    },
    {
      name: "headers",
      steps: [
        mount("r-head"),
        step("GET sys/mounts/r-head", undefined, {
          token: null,
          headers: { Authorization: "Bearer {{root}}" },
          only: ["type"],
        }),
        step("GET sys/mounts/r-head", undefined, {
          token: null,
          headers: { Authorization: "bearer {{root}}" },
          only: ["type"],
          differs: [
            { at: "status", coffer: 200, row: rows.scheme },
            { at: "body.errors", row: rows.scheme },
            { at: "body.type", coffer: "transit", row: rows.scheme },
          ],
        }),
        step("GET sys/mounts/r-head", undefined, { token: null, headers: { Authorization: "Basic {{root}}" } }),
        step("GET sys/mounts/r-head", undefined, { headers: { "X-Vault-Request": "true" }, only: ["type"] }),
        step("GET sys/mounts/r-head", undefined, { headers: { "X-Vault-Request": "false" }, only: ["type"] }),
        step("GET sys/mounts/r-head", undefined, { headers: { "X-Vault-Namespace": "root" }, only: ["type"] }),
        step("GET sys/mounts/r-head", undefined, {
          headers: { "X-Vault-Namespace": "team" },
          differs: [
            { at: "status", coffer: 400, row: rows.namespaces },
            {
              at: "body.errors.0",
              coffer: 'namespaces are not supported: leave out the X-Vault-Namespace header, or set it to "root"',
              row: rows.namespaces,
            },
          ],
        }),
        step("GET sys/mounts/r-head", undefined, { headers: { "X-Vault-MFA": "nobody:1" }, only: ["type"] }),
        step("GET sys/mounts/r-head", undefined, { token: "{{root}} ", only: ["type"] }),
        step("GET sys/mounts/r-head", undefined, { token: "" }),
        unmount("r-head"),
      ],
    },
  ],
};
