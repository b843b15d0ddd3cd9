import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { after, before, beforeEach, describe, it } from "node:test";
import type { OutboundAnswer, OutboundRequest } from "@coffer/service";
import { callOpen, dataOf, done, mountAuth, refused } from "./auth-methods.ts";
import { openVaultTest, type VaultTest } from "./vault-client.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

function tokenOf(claims: object, key: KeyObject = privateKey, alg = "RS256"): string {
  const signed = `${part({ alg })}.${part(claims)}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
}

/** The Kubernetes API as far as logins ask it: what it answers is set, what it was asked is kept. */
class Cluster {
  readonly asked: OutboundRequest[] = [];
  status = 201;
  review: object | string = {};
  labels: object = {};

  async request(request: OutboundRequest): Promise<OutboundAnswer> {
    this.asked.push(request);
    if (request.url.includes("/namespaces/")) {
      return { status: 200, body: JSON.stringify({ metadata: { labels: this.labels } }) };
    }
    const { review } = this;
    return { status: this.status, body: typeof review === "string" ? review : JSON.stringify({ status: review }) };
  }
}

describe("Kubernetes service accounts", () => {
  let t: VaultTest;
  let mount: string;
  let mounts = 0;
  const cluster = new Cluster();

  before(async () => {
    t = await openVaultTest({ outbound: cluster });
  });
  beforeEach(async () => {
    mounts += 1;
    mount = `auth/kubernetes-${mounts}`;
    await mountAuth(t, "kubernetes", `kubernetes-${mounts}`);
    cluster.asked.length = 0;
    cluster.status = 201;
    cluster.review = reviewOf();
    done(await configure({}));
    done(await role("r", {}));
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  const configure = (more: object) =>
    t.call("POST", `${mount}/config`, {
      kubernetes_host: "https://k8s.example:6443/",
      token_reviewer_jwt: "reviewer",
      ...more,
    });
  const role = (name: string, more: object) =>
    t.call("POST", `${mount}/role/${name}`, {
      bound_service_account_names: "app,web-*",
      bound_service_account_namespaces: "prod",
      token_policies: "deploy",
      ...more,
    });
  const reviewOf = (more: object = {}, user: object = {}) => ({
    authenticated: true,
    audiences: ["api"],
    user: { username: "system:serviceaccount:prod:app", uid: "u-1", ...user },
    ...more,
  });
  const projected = (more: object = {}, account: object = {}) => ({
    aud: ["api"],
    exp: Math.floor(t.test.clock.nowMs() / 1000) + 600,
    "kubernetes.io": { namespace: "prod", serviceaccount: { name: "app", uid: "u-1", ...account } },
    ...more,
  });
  const logIn = (jwt: string, name = "r", from?: string) => callOpen(t, `${mount}/login`, { role: name, jwt }, from);
  const denied = ["permission denied"] as const;

  it("log in when the cluster knows their token", async () => {
    const jwt = tokenOf(projected());
    const answer = await logIn(jwt, "R");
    assert.equal(answer.status, 200, answer.text);
    const { policies, metadata, client_token } = answer.json.auth;
    assert.deepEqual(policies, ["default", "deploy"]);
    assert.deepEqual(metadata, {
      role: "R",
      service_account_name: "app",
      service_account_namespace: "prod",
      service_account_secret_name: "",
      service_account_uid: "u-1",
    });
    const found = await t.test.core.identities.findToken(client_token);
    assert.equal(found?.token?.displayName, `${mount.slice("auth/".length)}-prod-app`);
    const [asked] = cluster.asked;
    assert.equal(asked?.url, "https://k8s.example:6443/apis/authentication.k8s.io/v1/tokenreviews");
    assert.equal(asked.headers["Authorization"], "Bearer reviewer");
    assert.deepEqual(JSON.parse(asked.body ?? ""), {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      spec: { token: jwt, audiences: ["api"] },
    });
    assert.doesNotMatch(JSON.stringify(await t.test.auditEvents()), /eyJ|reviewer/);
  });

  it("log in with the old kind of token, which has no times", async () => {
    const old = "kubernetes.io/serviceaccount";
    const claims = {
      [`${old}/namespace`]: "prod",
      [`${old}/secret.name`]: "app-token",
      [`${old}/service-account.name`]: "app",
      [`${old}/service-account.uid`]: "u-1",
    };
    const answer = await logIn(tokenOf(claims));
    assert.equal(answer.json.auth.metadata.service_account_secret_name, "app-token");
  });

  it("are refused when the cluster does not know their token as theirs", async () => {
    const jwt = tokenOf(projected());
    const wrong: readonly (object | string)[] = [
      {},
      reviewOf({ authenticated: false }),
      reviewOf({ authenticated: "true" }),
      reviewOf({ error: "x" }),
      reviewOf({ audiences: ["other"] }),
      reviewOf({ audiences: undefined }),
      reviewOf({}, { uid: "u-2" }),
      reviewOf({}, { username: "system:serviceaccount:prod:root" }),
      reviewOf({}, { username: "system:serviceaccount:other:app" }),
      reviewOf({}, { username: "system:node:prod:app" }),
      reviewOf({ user: undefined }),
      "no JSON",
    ];
    for (const review of wrong) {
      cluster.review = review;
      refused(await logIn(jwt), 403, ...denied);
    }
    cluster.review = reviewOf();
    cluster.status = 401;
    refused(await logIn(jwt), 403, ...denied);
  });

  it("are refused before the cluster is asked when their role does not bind them", async () => {
    const wrong: readonly (readonly [object, string])[] = [
      [projected({}, { name: "other" }), "service account name not authorized"],
      [projected({}, { name: "app2" }), "service account name not authorized"],
      [
        projected({ "kubernetes.io": { namespace: "dev", serviceaccount: { name: "app", uid: "u" } } }),
        "namespace not authorized",
      ],
      [projected({ exp: 5 }), "invalid expiration time (exp) claim: token is expired"],
    ];
    for (const [claims, error] of wrong) refused(await logIn(tokenOf(claims)), 403, error);
    refused(await logIn(tokenOf(projected({}, { uid: "" }))), 400, "could not parse UID from claims");
    refused(await logIn("x"), 403, ...denied);
    refused(await logIn(tokenOf(projected(), privateKey, "none")), 403, ...denied);
    refused(await logIn(tokenOf(projected(), privateKey, "HS256")), 403, ...denied);
    refused(await logIn("x", "none"), 400, 'invalid role name "none"');
    refused(await logIn(""), 400, "missing jwt");
    refused(await logIn("x", ""), 400, "missing role");
    done(await role("cidr", { token_bound_cidrs: "10.0.0.0/8" }));
    refused(await logIn(tokenOf(projected()), "cidr"), 403, ...denied);
    assert.equal(cluster.asked.length, 0);
  });

  it("are asked about with the role's audience, where it has one", async () => {
    done(await role("aud", { audience: "vault" }));
    const mismatch = "invalid audience (aud) claim: audience claim does not match any expected audience";
    refused(await logIn(tokenOf(projected()), "aud"), 403, mismatch);
    refused(await logIn(tokenOf(projected({ aud: ["vault"] })), "aud"), 403, ...denied);
    cluster.review = reviewOf({ audiences: ["vault"] });
    assert.equal((await logIn(tokenOf(projected({ aud: ["vault", "x"] })), "aud")).status, 200);
    assert.deepEqual(JSON.parse(cluster.asked.at(-1)?.body ?? "").spec.audiences, ["vault"]);
  });

  it("are asked about with their own token when the mount has none", async () => {
    done(await configure({ token_reviewer_jwt: "" }));
    const jwt = tokenOf(projected());
    assert.equal((await logIn(jwt)).status, 200);
    assert.equal(cluster.asked[0]?.headers["Authorization"], `Bearer ${jwt}`);
  });

  it("need a right signature too, where the mount has keys", async () => {
    done(await configure({ pem_keys: [pem] }));
    refused(await logIn(tokenOf(projected(), other.privateKey)), 403, ...denied);
    assert.equal(cluster.asked.length, 0);
    assert.equal((await logIn(tokenOf(projected()))).status, 200);
    cluster.review = reviewOf({ authenticated: false });
    refused(await logIn(tokenOf(projected())), 403, ...denied);
  });

  it("need the issuer that the mount wants, when it looks", async () => {
    done(await configure({ issuer: "iss", disable_iss_validation: false }));
    refused(await logIn(tokenOf(projected())), 403, "invalid issuer (iss) claim");
    assert.equal((await logIn(tokenOf(projected({ iss: "iss" })))).status, 200);
  });

  it("may be bound by labels of their namespace", async () => {
    const selector = '{"matchLabels":{"team":"a"}}';
    done(
      await role("labels", {
        bound_service_account_namespaces: "",
        bound_service_account_namespace_selector: selector,
      }),
    );
    refused(await logIn(tokenOf(projected()), "labels"), 403, "namespace not authorized");
    cluster.labels = { team: "a", other: "b" };
    assert.equal((await logIn(tokenOf(projected()), "labels")).status, 200);
    cluster.labels = { team: "b" };
    refused(await logIn(tokenOf(projected()), "labels"), 403, "namespace not authorized");
    cluster.labels = { team: "a" };
    done(await configure({ token_reviewer_jwt: "" }));
    refused(await logIn(tokenOf(projected()), "labels"), 403, "namespace not authorized");
  });

  it("are known by uid or by name", async () => {
    const entityOf = async (name: string) => (await logIn(tokenOf(projected()), name)).json.auth.entity_id;
    done(await role("named", { alias_name_source: "serviceaccount_name" }));
    const byUid = await entityOf("r");
    assert.equal(await entityOf("r"), byUid);
    assert.notEqual(await entityOf("named"), byUid);
  });

  it("have roles and a configuration, shown as Vault does", async () => {
    assert.deepEqual(dataOf(await t.call("GET", `${mount}/config`)), {
      disable_iss_validation: true,
      disable_local_ca_jwt: false,
      issuer: "",
      kubernetes_ca_cert: "",
      kubernetes_host: "https://k8s.example:6443/",
      pem_keys: [],
      token_reviewer_jwt_set: true,
    });
    done(await role("r", { policies: "x", ttl: 5, audience: "a" }));
    const shown = dataOf(await t.call("GET", `${mount}/role/R`));
    assert.deepEqual([shown.token_policies, shown.ttl, shown.audience], [["deploy"], 5, "a"]);
    assert.deepEqual(shown.bound_service_account_names, ["app", "web-*"]);
    assert.equal(shown.alias_name_source, "serviceaccount_uid");
    assert.deepEqual(dataOf(await t.call("LIST", `${mount}/role`)), { keys: ["r"] });
    done(await t.call("DELETE", `${mount}/role/r`));
    refused(await t.call("GET", `${mount}/role/r`), 404);
  });

  it("are refused roles and configurations in the original's words", async () => {
    const wrong: readonly (readonly [object, string])[] = [
      [{ bound_service_account_names: "" }, '"bound_service_account_names" can not be empty'],
      [{ bound_service_account_names: "*,a" }, 'can not mix "*" with values'],
      [{ bound_service_account_namespaces: "*,a" }, 'can not mix "*" with values'],
      [
        { bound_service_account_namespaces: "" },
        '"bound_service_account_namespaces" can not be empty if "bound_service_account_namespace_selector" is not set',
      ],
      [
        { alias_name_source: "x" },
        "invalid alias_name_source, must be one of: serviceaccount_uid, serviceaccount_name",
      ],
      ...["x", "[]", '{"matchExpressions":[]}', '{"matchLabels":{"a":5}}'].map(
        (text) =>
          [
            { bound_service_account_namespace_selector: text },
            'invalid "bound_service_account_namespace_selector" configured',
          ] as const,
      ),
    ];
    for (const [body, error] of wrong) refused(await role("bad", body), 400, error);
    refused(await configure({ kubernetes_host: "" }), 400, "no host provided");
    refused(await configure({ kubernetes_host: "http://x" }), 400, "kubernetes_host must be an https URL");
    refused(await configure({ pem_keys: "x" }), 400, "data does not contain any valid public keys");
    refused(
      await configure({ disable_local_ca_jwt: true }),
      400,
      "kubernetes_ca_cert must be given when disable_local_ca_jwt is true",
    );
    assert.match((await configure({ kubernetes_ca_cert: "x" })).text, /no valid certificates/);
  });
});
