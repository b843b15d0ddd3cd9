import assert from "node:assert/strict";
import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { makeTestCertificate, type TestCertificate } from "@coffer/testkit";
import { ServerUnderTest } from "./server-under-test.ts";

const fixtures = join(import.meta.dirname, "../src/http/fixtures");
const serverCertificate = join(fixtures, "localhost-cert.pem");
const tls = [`--tls-cert-file=${serverCertificate}`, `--tls-key-file=${join(fixtures, "localhost-key.pem")}`];
const dayMs = 86_400_000;

function make(name: string, issuer: TestCertificate | undefined, isCa: boolean): TestCertificate {
  const times = { notBeforeMs: Date.now() - dayMs, notAfterMs: Date.now() + dayMs };
  const fields = { name, ...times, isCa, keyUsage: isCa ? 0x04 : 0x80 };
  return makeTestCertificate(issuer === undefined ? fields : { ...fields, issuer });
}

const pemOf = ({ der }: TestCertificate) =>
  `-----BEGIN CERTIFICATE-----\n${der.toString("base64")}\n-----END CERTIFICATE-----\n`;
const keyPem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }).toString();

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

/** One request over a connection of its own, with a client's certificate and what issued it. */
function call(
  server: ServerUnderTest,
  method: string,
  path: string,
  body: object,
  client: { readonly chain?: readonly TestCertificate[]; readonly token?: string },
): Promise<Answer> {
  const { chain = [], token } = client;
  const [own] = chain;
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request(
    new URL(`/v1/${path}`, server.vaultUrl),
    {
      method,
      agent: false,
      ca: readFileSync(serverCertificate),
      servername: "localhost",
      headers: token === undefined ? {} : { "X-Vault-Token": token },
      ...(own === undefined ? {} : { cert: chain.map(pemOf).join(""), key: keyPem(own.privateKey) }),
    },
    async (answer) => {
      const parts: Buffer[] = [];
      for await (const part of answer) parts.push(part as Buffer);
      const text = Buffer.concat(parts).toString();
      resolve({ status: answer.statusCode ?? 0, json: text === "" ? undefined : JSON.parse(text) });
    },
  );
  sent.on("error", reject);
  sent.end(JSON.stringify(body));
  return promise;
}

describe("a client's certificate", () => {
  let server: ServerUnderTest;
  const root = make("root", undefined, true);
  const middle = make("middle", root, true);
  const client = make("ada", middle, false);

  before(async () => {
    server = await ServerUnderTest.start({ listeners: 2, args: [...tls, "--tls-request-client-certificates"] });
    const { token } = server.credentials;
    assert.equal((await call(server, "POST", "sys/auth/cert", { type: "cert" }, { token })).status, 204);
    const role = { certificate: pemOf(root), allowed_common_names: "ada" };
    assert.equal((await call(server, "POST", "auth/cert/certs/web", role, { token })).status, 204);
  });
  after(() => server?.kill());

  const logIn = (...chain: readonly TestCertificate[]) => call(server, "POST", "auth/cert/login", {}, { chain });

  it("logs in, with what issued it", async () => {
    const { status, json } = await logIn(client, middle);
    assert.equal(status, 200, JSON.stringify(json));
    assert.equal(json.auth.metadata.common_name, "ada");
    const self = await call(server, "GET", "auth/token/lookup-self", {}, { token: json.auth.client_token });
    assert.equal(self.json.data.display_name, "cert-web");
  });

  it("is needed, whole, and of somebody who is trusted", async () => {
    for (const chain of [[], [client], [make("ada", undefined, false)], [make("bob", middle, false), middle]]) {
      const { status, json } = await logIn(...chain);
      assert.equal(status, 400, JSON.stringify(json));
    }
  });

  it("is nothing to other requests", async () => {
    const chain = [make("anybody", undefined, false)];
    assert.equal((await call(server, "GET", "auth/cert/certs/web", {}, { chain })).status, 403);
    assert.equal((await call(server, "GET", "sys/health", {}, { chain })).status, 200);
  });
});

describe("a server that asks for no certificates", () => {
  it("sees none", async () => {
    const server = await ServerUnderTest.start({ listeners: 2, args: tls });
    const { token } = server.credentials;
    const root = make("root", undefined, true);
    await call(server, "POST", "sys/auth/cert", { type: "cert" }, { token });
    await call(server, "POST", "auth/cert/certs/web", { certificate: pemOf(root) }, { token });
    const answer = await call(server, "POST", "auth/cert/login", {}, { chain: [make("ada", root, false)] });
    assert.deepEqual(answer, { status: 400, json: { errors: ["no client certificate found"] } });
    await server.kill();
  });
});
