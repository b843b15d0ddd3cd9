import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { PythonClients, PythonError, type VaultClientParts, vaultParts } from "./python-clients.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const python = component("python-venv");
const certificate = join(import.meta.dirname, "../src/http/fixtures/localhost-cert.pem");
const caPem = readFileSync(certificate, "utf8");

/** A server of others: an issuer's keys and metadata, and the TokenReview of a Kubernetes API. */
class OtherServer {
  readonly #server: Server;
  readonly #keys: Awaited<ReturnType<typeof generateKeyPair>>;
  readonly url: string;
  /** Tokens that the cluster knows. */
  readonly accounts = new Map<string, { readonly username: string; readonly uid: string }>();

  private constructor(server: Server, keys: Awaited<ReturnType<typeof generateKeyPair>>) {
    this.#server = server;
    this.#keys = keys;
    this.url = `https://localhost:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<OtherServer> {
    const keys = await generateKeyPair("ES256");
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: "one", use: "sig" };
    const server = createServer(
      { cert: caPem, key: readFileSync(certificate.replace("-cert", "-key")) },
      async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const reply = other.#reply(jwk, request.url ?? "", Buffer.concat(chunks).toString());
        response.writeHead(reply === undefined ? 404 : 200, { "Content-Type": "application/json" });
        response.end(JSON.stringify(reply ?? {}));
      },
    ).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const other = new OtherServer(server, keys);
    return other;
  }

  #reply(jwk: object, url: string, body: string): object | undefined {
    if (url === "/keys") return { keys: [jwk] };
    if (url === "/.well-known/openid-configuration") return { issuer: this.url, jwks_uri: `${this.url}/keys` };
    if (url !== "/apis/authentication.k8s.io/v1/tokenreviews") return undefined;
    const { spec } = JSON.parse(body) as { spec: { token: string; audiences?: string[] } };
    const user = this.accounts.get(spec.token);
    const status =
      user === undefined ? { authenticated: false } : { authenticated: true, user, audiences: spec.audiences };
    return { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", status };
  }

  sign(claims: JWTPayload): Promise<string> {
    return new SignJWT({ iss: this.url, ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "one" })
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(this.#keys.privateKey);
  }

  close(): void {
    this.#server.close();
  }
}

describe("hvac logs in", { skip: python.available ? false : python.reason }, () => {
  let server: ServerUnderTest;
  let clients: PythonClients;
  let root: VaultClientParts;
  let nobody: VaultClientParts;
  let other: OtherServer;

  before(async () => {
    assert.ok(python.available);
    other = await OtherServer.start();
    server = await ServerUnderTest.start({ listeners: 2, args: ["--oidc-allow-private-hosts"] });
    clients = new PythonClients(python.path);
    root = vaultParts(server);
    nobody = vaultParts(server, "");
    const policy = 'path "kv/data/app" { capabilities = ["read"] }';
    await clients.vault(root, "sys.create_or_update_policy", { name: "app", policy });
  });
  after(async () => {
    other?.close();
    clients?.close();
    await server?.kill();
  });

  const enable = (method_type: string) => clients.vault(root, "sys.enable_auth_method", { method_type });
  const auth = (method: string, input: object) => clients.vault(root, `auth.${method}`, { ...input });
  const logIn = (method: string, input: object) => clients.vault(nobody, `auth.${method}`, { ...input });

  /** The token works, and may do what its policy says. */
  async function works(answer: { readonly auth: { readonly client_token: string; readonly policies: string[] } }) {
    assert.deepEqual(answer.auth.policies, ["app", "default"]);
    const { data } = await clients.vault(vaultParts(server, answer.auth.client_token), "auth.token.lookup_self");
    assert.equal(data.orphan, true);
  }

  async function raises(call: Promise<unknown>, className: string, message: RegExp): Promise<void> {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof PythonError, String(error));
      assert.equal(error.className, className, error.message);
      assert.match((error.errors ?? []).join("\n"), message);
      return true;
    });
  }

  it("with AppRole", async () => {
    await enable("approle");
    await auth("approle.create_or_update_approle", {
      role_name: "some-role",
      token_policies: ["app"],
      token_type: "service",
    });
    assert.deepEqual((await auth("approle.list_roles", {})).data.keys, ["some-role"]);
    const { role_id } = (await auth("approle.read_role_id", { role_name: "some-role" })).data;
    const made = await auth("approle.generate_secret_id", { role_name: "some-role", metadata: { team: "a" } });
    const { secret_id, secret_id_accessor } = made.data;
    assert.deepEqual((await auth("approle.list_secret_id_accessors", { role_name: "some-role" })).data.keys, [
      secret_id_accessor,
    ]);
    const read = await auth("approle.read_secret_id", { role_name: "some-role", secret_id });
    assert.deepEqual(read.data.metadata, { team: "a" });
    const answer = await logIn("approle.login", { role_id, secret_id });
    assert.deepEqual(answer.auth.metadata, { role_name: "some-role", team: "a" });
    await works(answer);
    await auth("approle.destroy_secret_id_accessor", { role_name: "some-role", secret_id_accessor });
    await raises(logIn("approle.login", { role_id, secret_id }), "InvalidRequest", /invalid role or secret ID/);
  });

  it("with a user name and password", async () => {
    await enable("userpass");
    await auth("userpass.create_or_update_user", { username: "bob", password: "s3cret", policies: "app" });
    assert.deepEqual((await auth("userpass.list_user", {})).data.keys, ["bob"]);
    await works(await logIn("userpass.login", { username: "bob", password: "s3cret" }));
    await auth("userpass.update_password_on_user", { username: "bob", password: "other" });
    await raises(
      logIn("userpass.login", { username: "bob", password: "s3cret" }),
      "InvalidRequest",
      /invalid username/,
    );
    await works(await logIn("userpass.login", { username: "bob", password: "other" }));
    await auth("userpass.delete_user", { username: "bob" });
    await raises(logIn("userpass.login", { username: "bob", password: "other" }), "InvalidRequest", /invalid username/);
  });

  it("with a JSON Web Token, by keys that its issuer publishes", async () => {
    await enable("jwt");
    const role = {
      name: "deploy",
      role_type: "jwt",
      user_claim: "sub",
      bound_audiences: ["coffer"],
      allowed_redirect_uris: [],
    };
    await auth("jwt.create_role", { ...role, token_policies: ["app"] });
    const sources = [
      { oidc_discovery_url: other.url, oidc_discovery_ca_pem: caPem, bound_issuer: other.url },
      { jwks_url: `${other.url}/keys`, jwks_ca_pem: caPem },
    ];
    for (const source of sources) {
      await auth("jwt.configure", source);
      await works(
        await logIn("jwt.jwt_login", { role: "deploy", jwt: await other.sign({ sub: "ci", aud: "coffer" }) }),
      );
      const wrong = logIn("jwt.jwt_login", { role: "deploy", jwt: await other.sign({ sub: "ci", aud: "x" }) });
      await raises(wrong, "InvalidRequest", /invalid audience \(aud\) claim/);
    }
    // The certificate is not of an authority that the system trusts.
    await raises(auth("jwt.configure", { jwks_url: `${other.url}/keys` }), "InvalidRequest", /error checking jwks URL/);
  });

  it("with a Kubernetes service account that the cluster knows", async () => {
    await enable("kubernetes");
    await auth("kubernetes.configure", {
      kubernetes_host: other.url,
      kubernetes_ca_cert: caPem,
      token_reviewer_jwt: "r",
    });
    await auth("kubernetes.create_role", {
      name: "app",
      bound_service_account_names: "app",
      bound_service_account_namespaces: "prod",
      policies: ["app"],
    });
    const account = { namespace: "prod", serviceaccount: { name: "app", uid: "u-1" } };
    const jwt = await other.sign({ aud: "api", "kubernetes.io": account });
    await raises(logIn("kubernetes.login", { role: "app", jwt }), "Forbidden", /permission denied/);
    other.accounts.set(jwt, { username: "system:serviceaccount:prod:app", uid: "u-1" });
    const answer = await logIn("kubernetes.login", { role: "app", jwt });
    assert.equal(answer.auth.metadata.service_account_name, "app");
    await works(answer);
  });
});

describe("servers on private networks", () => {
  it("are not asked unless the operator allows it", async () => {
    const other = await OtherServer.start();
    const server = await ServerUnderTest.start({ listeners: 2 });
    const call = async (path: string, body: object) => {
      const headers = { "X-Vault-Token": server.credentials.token };
      const answer = await fetch(`${server.vaultUrl}/v1/${path}`, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
      return { status: answer.status, text: await answer.text() };
    };
    await call("sys/auth/jwt", { type: "jwt" });
    for (const url of [`${other.url}/keys`, other.url.replace("localhost", "127.0.0.1")]) {
      const { status, text } = await call("auth/jwt/config", { jwks_url: url, jwks_ca_pem: caPem });
      assert.deepEqual([status, text], [400, '{"errors":["error checking jwks URL"]}']);
    }
    other.close();
    await server.kill();
  });
});
