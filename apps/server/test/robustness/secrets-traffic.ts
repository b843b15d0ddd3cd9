import assert from "node:assert/strict";
import { createCipheriv, createPublicKey, publicEncrypt, randomBytes } from "node:crypto";
import type { HttpRequest, Reply } from "./http-client.ts";
import type { NamedSecret } from "./stored-secrets.ts";
import { succeeded, Wires } from "./wires.ts";

/** Requests of every kind with values that are found again wherever they went. */
export class SecretsTraffic {
  /** What callers sent and got in confidence: plaintexts, data keys, random bytes. */
  readonly confidences: NamedSecret[] = [];
  /** What opens doors: tokens, secret access keys, and guesses at them. */
  readonly credentials: NamedSecret[] = [];
  /** Every answer but 2xx. */
  readonly refusals: Reply[] = [];
  /** Every answer. */
  readonly replies: Reply[] = [];
  readonly #wires: Wires;

  constructor(wires: Wires) {
    this.#wires = wires;
  }

  /** A value that nobody else has. */
  #mark(label: string): string {
    const marker = `Mark${randomBytes(15).toString("hex")}`;
    this.confidences.push({ name: label, bytes: Buffer.from(marker) });
    return marker;
  }

  #encoded(label: string): string {
    return Buffer.from(this.#mark(label)).toString("base64");
  }

  #guess(label: string): string {
    const guess = `hvs.${randomBytes(18).toString("base64url")}`;
    this.credentials.push({ name: label, bytes: Buffer.from(guess) });
    return guess;
  }

  #keep(list: NamedSecret[], label: string, base64: unknown): void {
    assert.equal(typeof base64, "string");
    list.push({ name: label, bytes: Buffer.from(base64 as string, "base64") });
  }

  async #send(request: HttpRequest): Promise<Reply> {
    const reply = await this.#wires.client.send(request);
    this.replies.push(reply);
    if (!reply.ok) this.refusals.push(reply);
    return reply;
  }

  async #refused(request: HttpRequest): Promise<void> {
    const reply = await this.#send(request);
    assert.ok(reply.status >= 400 && reply.status < 500, String(reply));
  }

  /** Everything, through all three APIs. */
  async run(): Promise<void> {
    const wires = this.#wires;
    succeeded(await this.#send(wires.vaultRequest("POST", "sys/mounts/transit", { type: "transit" })));
    for (const key_id of ["used", "rotated", "disabled", "deleted"]) {
      succeeded(await this.#send(wires.restRequest("POST", "/keys", { key_id })));
    }
    for (let version = 2; version <= 4; version += 1) {
      succeeded(await this.#send(wires.restRequest("POST", "/keys/rotated/rotate")));
    }
    const { KeyMetadata } = succeeded(await wires.aws("DescribeKey", { KeyId: "alias/disabled" }));
    assert.ok((await this.#send(wires.awsRequest("DisableKey", { KeyId: KeyMetadata.KeyId }))).ok);
    succeeded(await this.#send(wires.restRequest("DELETE", "/keys/deleted?days=7")));
    await this.#administer();
    for (const key of ["used", "rotated"]) {
      await this.#throughAws(key);
      await this.#throughRest(key);
      await this.#throughVault(key);
      await this.#materialThroughVault(`moving-${key}`);
    }
    await this.#throughPairs();
    await this.#throughImports();
    await this.#throughSecrets();
    await this.#throughLogins();
    await this.#throughTokens();
    await this.#throughExports();
    await this.#throughSessions();
    await this.#refusedByAws();
    await this.#refusedByRest();
    await this.#refusedByVault();
    succeeded(await this.#send(wires.restRequest("POST", "/admin/keyring/rotate")));
    await this.#throughAws("used");
  }

  async #administer(): Promise<void> {
    const wires = this.#wires;
    succeeded(await this.#send(wires.restRequest("POST", "/admin/principals", { kind: "user", name: "ada" })));
    const key = succeeded(await this.#send(wires.restRequest("POST", "/admin/access-keys", { principal: "user/ada" })));
    this.credentials.push({ name: "secret access key", bytes: Buffer.from(key.secret_access_key) });
    const made = succeeded(await this.#send(wires.restRequest("POST", "/admin/tokens", { principal: "user/ada" })));
    this.credentials.push({ name: "token", bytes: Buffer.from(made.token) });
    const access = { accessKeyId: key.access_key_id, secretAccessKey: key.secret_access_key, token: made.token };
    const ada = new Wires(wires.client, { ...wires.access, ...access });
    // She may do nothing; her credentials are good.
    await this.#refused(ada.awsRequest("Encrypt", { KeyId: "alias/used", Plaintext: this.#encoded("denied aws") }));
    await this.#refused(ada.restRequest("POST", "/encrypt", { key_id: "used", plaintext: this.#mark("denied rest") }));
    const body = { plaintext: this.#encoded("denied vault") };
    await this.#refused(ada.vaultRequest("POST", "transit/encrypt/used", body));
    // A token's own lookup may show it; nothing else may.
    succeeded(await wires.client.send(ada.vaultRequest("GET", "auth/token/lookup-self")));
  }

  async #throughAws(key: string): Promise<void> {
    const wires = this.#wires;
    const KeyId = `alias/${key}`;
    const aws = async (operation: string, body: unknown) =>
      succeeded(await this.#send(wires.awsRequest(operation, body)));
    const EncryptionContext = { for: "aws" };
    const Plaintext = this.#encoded("aws plaintext");
    const { CiphertextBlob } = await aws("Encrypt", { KeyId, Plaintext, EncryptionContext });
    assert.equal((await aws("Decrypt", { CiphertextBlob, EncryptionContext })).Plaintext, Plaintext);
    await aws("ReEncrypt", { CiphertextBlob, SourceEncryptionContext: EncryptionContext, DestinationKeyId: KeyId });
    const dataKey = await aws("GenerateDataKey", { KeyId, KeySpec: "AES_256" });
    this.#keep(this.confidences, "aws data key", dataKey.Plaintext);
    await aws("Decrypt", { CiphertextBlob: dataKey.CiphertextBlob });
    await aws("GenerateDataKeyWithoutPlaintext", { KeyId, NumberOfBytes: 64 });
    this.#keep(this.confidences, "aws random", (await aws("GenerateRandom", { NumberOfBytes: 32 })).Plaintext);
  }

  /** Secrets of KV and of a cubbyhole: their values and the names in them. */
  async #throughSecrets(): Promise<void> {
    const wires = this.#wires;
    const vault = async (method: string, path: string, body?: unknown) =>
      succeeded(await this.#send(wires.vaultRequest(method, path, body)));
    await vault("POST", "sys/mounts/kv", { type: "kv-v2" });
    await vault("POST", "sys/mounts/plain", { type: "kv" });
    const secret = () => ({ [this.#mark("name in a secret")]: this.#mark("secret") });
    for (const data of [secret(), secret()]) await vault("POST", "kv/data/app", { data });
    await vault("GET", "kv/data/app?version=1");
    await vault("GET", "kv/subkeys/app");
    await vault("POST", "kv/metadata/app", { custom_metadata: { owner: this.#mark("custom metadata") } });
    await vault("POST", "plain/app", secret());
    await vault("POST", "cubbyhole/app", secret());
    await vault("GET", "plain/app");
    await this.#refused(wires.vaultRequest("POST", "kv/data/app", { data: secret(), options: { cas: 77 } }));
    await this.#refused(wires.vaultRequest("POST", "kv/data/app", { data: this.#mark("secret that is text") }));
    await this.#refused(wires.vaultRequest("POST", "plain/", secret()));
    await vault("POST", "kv/destroy/app", { versions: [1] });
    await vault("DELETE", "sys/mounts/plain");
  }

  /** Passwords and secret ids, right and wrong, and what a cluster is asked with. */
  async #throughLogins(): Promise<void> {
    const wires = this.#wires;
    const vault = async (path: string, body: unknown) =>
      succeeded(await this.#send(wires.vaultRequest("POST", path, body)));
    const refused = (path: string, body: unknown) => this.#refused(wires.vaultRequest("POST", path, body));
    for (const type of ["approle", "userpass", "kubernetes", "jwt"]) await vault(`sys/auth/${type}`, { type });
    const password = this.#mark("password");
    await vault("auth/userpass/users/ada", { password });
    await vault("auth/userpass/login/ada", { password });
    await refused("auth/userpass/login/ada", { password: this.#mark("wrong password") });
    await refused("auth/userpass/login/nobody", { password: this.#mark("nobody's password") });
    await refused("auth/userpass/users/bob", { password: this.#mark("refused password"), token_type: "x" });
    await vault("auth/approle/role/app", { role_id: "app" });
    const secret_id = this.#mark("secret id");
    await vault("auth/approle/role/app/custom-secret-id", { secret_id });
    await refused("auth/approle/role/app/custom-secret-id", { secret_id });
    await vault("auth/approle/role/app/secret-id/lookup", { secret_id });
    await vault("auth/approle/login", { role_id: "app", secret_id });
    await refused("auth/approle/login", { role_id: "app", secret_id: this.#mark("wrong secret id") });
    const token_reviewer_jwt = this.#mark("token of a cluster");
    await vault("auth/kubernetes/config", { kubernetes_host: "https://127.0.0.1:1", token_reviewer_jwt });
    await refused("auth/kubernetes/login", { role: "none", jwt: this.#mark("token of a service account") });
    await refused("auth/jwt/login", { role: "none", jwt: this.#mark("token") });
  }

  #credential(label: string, text: unknown): string {
    assert.ok(typeof text === "string" && text.length > 8, label);
    this.credentials.push({ name: label, bytes: Buffer.from(text) });
    return text;
  }

  /** Tokens of logins and of other tokens, and wrapping tokens: used, renewed, shown in the wrong place, and revoked. */
  async #throughTokens(): Promise<void> {
    const wires = this.#wires;
    const vault = async (path: string, body?: unknown) =>
      succeeded(await this.#send(wires.vaultRequest("POST", path, body)));
    const password = this.#mark("password");
    await vault("auth/userpass/users/eve", { password, token_policies: "a" });
    const login = await vault("auth/userpass/login/eve", { password });
    const token = this.#credential("token of a login", login.auth.client_token);
    for (const type of ["service", "batch"]) {
      const child = await vault("auth/token/create", { type, policies: ["a"], ttl: "1h" });
      const own = this.#credential(`${type} token`, child.auth.client_token);
      await this.#refused(wires.vaultRequest("GET", "sys/mounts", undefined, own));
    }
    await vault("auth/token/renew", { token });
    await this.#refused(wires.vaultRequest("POST", "sys/wrapping/unwrap", { token }));
    await this.#refused(wires.vaultRequest("POST", "auth/token/renew", { token: [token] }));
    const wrapping = wires.vaultRequest("POST", "sys/wrapping/wrap", { secret: this.#mark("wrapped") });
    const headers = { ...wrapping.headers, "x-vault-wrap-ttl": "60" };
    const { wrap_info } = succeeded(await this.#send({ ...wrapping, headers }));
    this.#credential("wrapping token", wrap_info.token);
    await vault("sys/wrapping/lookup", { token: wrap_info.token });
    const revoked = await this.#send(wires.vaultRequest("POST", "auth/token/revoke", { token }));
    assert.equal(revoked.status, 204, String(revoked));
    await this.#refused(wires.vaultRequest("GET", "auth/token/lookup-self", undefined, token));
  }

  /** Keys that leave: exported, and in a backup. */
  async #throughExports(): Promise<void> {
    const wires = this.#wires;
    const vault = async (method: string, path: string, body?: unknown) =>
      succeeded(await this.#send(wires.vaultRequest(method, `transit/${path}`, body)));
    // These answers alone may hold key material.
    const leave = async (path: string) =>
      succeeded(await wires.client.send(wires.vaultRequest("GET", `transit/${path}`)));
    await vault("POST", "keys/out", { exportable: true, allow_plaintext_backup: true });
    for (const kind of ["encryption-key", "hmac-key"]) {
      const { keys } = (await leave(`export/${kind}/out/1`)).data;
      this.#keep(this.confidences, `exported ${kind}`, keys["1"]);
    }
    const { backup } = (await leave("backup/out")).data;
    this.#credential("backup", backup.slice(200, 264));
    await vault("POST", "restore/back", { backup });
    await this.#refused(wires.vaultRequest("POST", "transit/restore/out", { backup }));
    await this.#refused(wires.vaultRequest("POST", "transit/restore/wrong", { backup: [backup] }));
  }

  /** Operations of asymmetric and HMAC keys. */
  async #throughPairs(): Promise<void> {
    const wires = this.#wires;
    const aws = async (operation: string, body: unknown) =>
      succeeded(await this.#send(wires.awsRequest(operation, body)));
    const make = async (KeySpec: string, KeyUsage: string): Promise<string> =>
      (await aws("CreateKey", { KeySpec, KeyUsage })).KeyMetadata.KeyId;
    const agreement = await make("ECC_NIST_P256", "KEY_AGREEMENT");
    const peer = await aws("GetPublicKey", { KeyId: await make("ECC_NIST_P256", "KEY_AGREEMENT") });
    const { SharedSecret } = await aws("DeriveSharedSecret", {
      KeyId: agreement,
      KeyAgreementAlgorithm: "ECDH",
      PublicKey: peer.PublicKey,
    });
    this.#keep(this.confidences, "aws shared secret", SharedSecret);
    for (const KeyPairSpec of ["ECC_NIST_P256", "ECC_NIST_EDWARDS25519"]) {
      const pair = await aws("GenerateDataKeyPair", { KeyId: "alias/used", KeyPairSpec });
      this.#keep(this.confidences, `aws private key ${KeyPairSpec}`, pair.PrivateKeyPlaintext);
    }
    const EncryptionAlgorithm = "RSAES_OAEP_SHA_256";
    const KeyId = await make("RSA_2048", "ENCRYPT_DECRYPT");
    const Plaintext = this.#encoded("aws rsa plaintext");
    const { CiphertextBlob } = await aws("Encrypt", { KeyId, Plaintext, EncryptionAlgorithm });
    assert.equal((await aws("Decrypt", { KeyId, CiphertextBlob, EncryptionAlgorithm })).Plaintext, Plaintext);
    const Message = this.#encoded("aws message");
    const macKey = await make("HMAC_256", "GENERATE_VERIFY_MAC");
    await aws("GenerateMac", { KeyId: macKey, Message, MacAlgorithm: "HMAC_SHA_256" });
    const signer = await make("ECC_NIST_P256", "SIGN_VERIFY");
    await aws("Sign", { KeyId: signer, Message, SigningAlgorithm: "ECDSA_SHA_256" });
  }

  /** Key material of the caller's own: taken, and refused as another one's or as too short. */
  async #throughImports(): Promise<void> {
    const wires = this.#wires;
    const aws = async (operation: string, body: unknown) =>
      succeeded(await this.#send(wires.awsRequest(operation, body)));
    const { KeyMetadata } = await aws("CreateKey", { Origin: "EXTERNAL" });
    const { KeyId } = KeyMetadata;
    const ExpirationModel = "KEY_MATERIAL_DOES_NOT_EXPIRE";
    const WrappingAlgorithm = "RSAES_OAEP_SHA_256";
    const { ImportToken, PublicKey } = await aws("GetParametersForImport", {
      KeyId,
      WrappingAlgorithm,
      WrappingKeySpec: "RSA_2048",
    });
    const key = createPublicKey({ key: Buffer.from(PublicKey, "base64"), format: "der", type: "spki" });
    const request = (label: string, bytes: number) => {
      const material = randomBytes(bytes);
      this.confidences.push({ name: label, bytes: material });
      const wrapped = publicEncrypt({ key, oaepHash: "sha256" }, material);
      return { KeyId, ImportToken, ExpirationModel, EncryptedKeyMaterial: wrapped.toString("base64") };
    };
    await this.#refused(wires.awsRequest("ImportKeyMaterial", request("aws, short material", 24)));
    await aws("ImportKeyMaterial", request("aws imported material", 32));
    await this.#refused(wires.awsRequest("ImportKeyMaterial", request("aws, other material", 32)));
  }

  /** Temporary credentials, and tokens that stand for none. */
  async #throughSessions(): Promise<void> {
    const wires = this.#wires;
    const reply = await this.#send(wires.stsRequest({ Action: "GetSessionToken" }));
    assert.ok(reply.ok, String(reply));
    const field = (name: string) => new RegExp(`<${name}>([^<]+)<`).exec(reply.text)?.[1] ?? "";
    const session = {
      accessKeyId: field("AccessKeyId"),
      secretAccessKey: field("SecretAccessKey"),
      sessionToken: field("SessionToken"),
    };
    assert.ok(session.sessionToken.length > 100 && session.secretAccessKey.length === 40);
    this.credentials.push({ name: "session's secret access key", bytes: Buffer.from(session.secretAccessKey) });
    this.credentials.push({ name: "session token", bytes: Buffer.from(session.sessionToken) });
    succeeded(await this.#send(wires.awsRequest("ListKeys", {}, session)));
    await this.#refused(wires.awsRequest("Encrypt", { KeyId: "alias/nobody", Plaintext: "YQ==" }, session));
    await this.#refused(wires.awsRequest("ListKeys", {}, { ...session, accessKeyId: wires.access.accessKeyId }));
    const claims = Buffer.from(JSON.stringify({ iss: "https://nobody.example", sub: this.#mark("jwt subject") }));
    const token = `eyJhbGciOiJSUzI1NiJ9.${claims.toString("base64url")}.${this.#guess("jwt signature").slice(4)}`;
    this.credentials.push({ name: "jwt", bytes: Buffer.from(token) });
    const web = { RoleArn: "arn:aws:iam::000000000000:role/none", RoleSessionName: "web", WebIdentityToken: token };
    await this.#refused(wires.stsRequest({ Action: "AssumeRoleWithWebIdentity", ...web }));
  }

  async #throughRest(key: string): Promise<void> {
    const wires = this.#wires;
    const rest = async (path: string, body: unknown) =>
      succeeded(await this.#send(wires.restRequest("POST", path, body)));
    const plaintext = this.#mark("rest plaintext");
    const { ciphertext } = await rest("/encrypt", { key_id: key, plaintext });
    assert.equal((await rest("/decrypt", { key_id: key, ciphertext })).plaintext, plaintext);
    const encoded = this.#encoded("rest base64 plaintext");
    await rest("/encrypt", { key_id: key, plaintext: encoded, encoding: "base64" });
    this.#keep(this.confidences, "rest data key", (await rest("/datakey", { key_id: key })).plaintext);
  }

  async #throughVault(key: string): Promise<void> {
    const wires = this.#wires;
    const vault = async (path: string, body: unknown) =>
      succeeded(await this.#send(wires.vaultRequest("POST", `transit/${path}`, body))).data;
    const plaintext = this.#encoded("vault plaintext");
    const { ciphertext } = await vault(`encrypt/${key}`, { plaintext });
    assert.equal((await vault(`decrypt/${key}`, { ciphertext })).plaintext, plaintext);
    await vault(`rewrap/${key}`, { ciphertext });
    const batch_input = [{ plaintext: this.#encoded("vault batch") }, { plaintext: this.#encoded("vault batch") }];
    await vault(`encrypt/${key}`, { batch_input });
    this.#keep(this.confidences, "vault data key", (await vault(`datakey/plaintext/${key}`, {})).plaintext);
    this.#keep(this.confidences, "vault random", (await vault("random", { bytes: 32 })).random_bytes);
  }

  /** Material that leaves, comes back, and comes from elsewhere. */
  async #materialThroughVault(key: string): Promise<void> {
    const wires = this.#wires;
    const vault = async (path: string, body?: unknown) =>
      succeeded(await this.#send(wires.vaultRequest(body === undefined ? "GET" : "POST", `transit/${path}`, body)))
        .data;
    await vault(`keys/${key}`, { type: "ed25519", exportable: true, allow_plaintext_backup: true });
    for (const kind of ["signing-key", "hmac-key"]) {
      this.#keep(this.confidences, `vault ${kind}`, (await vault(`export/${kind}/${key}`)).keys["1"]);
    }
    const { backup } = await vault(`backup/${key}`);
    await this.#sent(wires.vaultRequest("POST", `transit/restore/${key}-again`, { backup }));
    const name = this.#mark("name in a backup");
    const spoilt = Buffer.from(JSON.stringify({ policy: { name, type: this.#mark("type in a backup") } }));
    await this.#refused(wires.vaultRequest("POST", "transit/restore", { backup: spoilt.toString("base64") }));
    await this.#refused(wires.vaultRequest("POST", "transit/restore", { backup: this.#encoded("no backup") }));
    const { public_key } = await vault("wrapping_key");
    const material = Buffer.from(this.#mark("vault imported material"));
    const aesKey = randomBytes(32);
    const wrappedKey = publicEncrypt({ key: public_key, oaepHash: "sha256" }, aesKey);
    const wrapped = createCipheriv("id-aes256-wrap-pad", aesKey, Buffer.from("a65959a6", "hex")).update(material);
    const ciphertext = Buffer.concat([wrappedKey, wrapped]).toString("base64");
    const type = "hmac";
    await this.#sent(wires.vaultRequest("POST", `transit/keys/${key}-in/import`, { ciphertext, type }));
    await this.#refused(wires.vaultRequest("POST", `transit/keys/${key}-short/import`, { ciphertext }));
  }

  /** A request whose answer says nothing. */
  async #sent(request: HttpRequest): Promise<void> {
    const reply = await this.#send(request);
    assert.equal(reply.status, 204, String(reply));
  }

  async #refusedByAws(): Promise<void> {
    const wires = this.#wires;
    const aws = (operation: string, body: unknown) => this.#refused(wires.awsRequest(operation, body));
    const KeyId = "alias/used";
    const long = Buffer.from(this.#mark("aws, too long").repeat(200)).toString("base64");
    await aws("Encrypt", { KeyId, Plaintext: long });
    await aws("Encrypt", { KeyId, Plaintext: `${this.#mark("aws, no base64")}*` });
    await aws("Encrypt", { KeyId, Plaintext: { text: this.#mark("aws, wrong type") } });
    await aws("Encrypt", { KeyId, Plaintext: [this.#encoded("aws, list")] });
    await aws("Encrypt", `{"KeyId":"alias/used","Plaintext":"${this.#encoded("aws, malformed")}"`);
    await aws("Encrypt", `{"Plaintext":"${this.#encoded("aws, twice")}","Plaintext":"${this.#encoded("aws, twice")}"}`);
    await aws("Encrypt", { Plaintext: this.#encoded("aws, no key") });
    await aws("Encrypt", { KeyId, Plaintxt: this.#encoded("aws, misspelt") });
    await aws("Encrypt", { KeyId: "alias/nobody", Plaintext: this.#encoded("aws, unknown key") });
    await aws("Encrypt", { KeyId: "alias/disabled", Plaintext: this.#encoded("aws, disabled key") });
    await aws("Encrypt", { KeyId: "alias/deleted", Plaintext: this.#encoded("aws, deleted key") });
    await aws("Encrypt", {
      KeyId,
      Plaintext: this.#encoded("aws, algorithm"),
      EncryptionAlgorithm: "RSAES_OAEP_SHA_1",
    });
    await aws("Sign", { KeyId, Message: this.#encoded("aws, absent operation"), SigningAlgorithm: "ED25519_SHA_512" });
    await aws("Frobnicate", { Plaintext: this.#encoded("aws, unknown operation") });
    await aws("ImportKeyMaterial", {
      KeyId,
      EncryptedKeyMaterial: this.#encoded("aws, material"),
      ImportToken: "YQ==",
    });
    const keyStore = {
      CustomKeyStoreName: "cellar",
      CustomKeyStoreType: "EXTERNAL_KEY_STORE",
      XksProxyConnectivity: "PUBLIC_ENDPOINT",
      XksProxyUriEndpoint: "https://localhost:1",
      XksProxyUriPath: "/kms/xks/v1",
    };
    for (const RawSecretAccessKey of [this.#encoded("aws, proxy secret"), this.#mark("aws, short proxy secret")]) {
      const XksProxyAuthenticationCredential = { AccessKeyId: "A".repeat(20), RawSecretAccessKey };
      await aws("CreateCustomKeyStore", { ...keyStore, XksProxyAuthenticationCredential });
      await aws("UpdateCustomKeyStore", { CustomKeyStoreId: "cks-1", XksProxyAuthenticationCredential });
    }
    const body = { KeyId, Plaintext: this.#encoded("aws, wrong secret") };
    await this.#refused(wires.awsRequest("Encrypt", body, { secretAccessKey: this.#guess("aws, guessed secret") }));
    await this.#refused(wires.awsRequest("Encrypt", body, { sessionToken: this.#guess("aws, session token") }));
    const bearer = {
      ...wires.awsRequest("Encrypt", body).headers,
      authorization: `Bearer ${this.#guess("aws, bearer")}`,
    };
    await this.#refused({ method: "POST", path: "/", headers: bearer, body: JSON.stringify(body) });
    const form = `Action=AssumeRole&Password=${this.#mark("aws, form")}`;
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    await this.#refused({ method: "POST", path: "/", headers, body: form });
  }

  async #refusedByRest(): Promise<void> {
    const wires = this.#wires;
    const rest = (path: string, body: unknown) => this.#refused(wires.restRequest("POST", path, body));
    await rest("/encrypt", { key_id: "used", plaintext: this.#mark("rest, too long").repeat(200) });
    await rest("/encrypt", { key_id: "used", plaintext: `${this.#mark("rest, no base64")}*`, encoding: "base64" });
    await rest("/encrypt", { key_id: "used", plaintext: [this.#mark("rest, wrong type")] });
    await rest("/encrypt", { key_id: "used", plaintext: this.#mark("rest, encoding"), encoding: "rot13" });
    await rest("/encrypt", { key_id: "used", plaintxt: this.#mark("rest, misspelt") });
    await rest("/encrypt", `{"key_id":"used","plaintext":"${this.#mark("rest, malformed")}`);
    await rest("/encrypt", `{"plaintext":"${this.#mark("rest, twice")}","plaintext":"${this.#mark("rest, twice")}"}`);
    await rest("/encrypt", { plaintext: this.#mark("rest, no key") });
    for (const key_id of ["nobody", "disabled", "deleted"]) {
      await rest("/encrypt", { key_id, plaintext: this.#mark(`rest, ${key_id} key`) });
    }
    await rest("/decrypt", { key_id: "used", ciphertext: this.#encoded("rest, plaintext for ciphertext") });
    await rest("/frobnicate", { plaintext: this.#mark("rest, unknown path") });
    const body = { key_id: "used", plaintext: this.#mark("rest, wrong token") };
    await this.#refused(wires.restRequest("POST", "/encrypt", body, this.#guess("rest, token")));
    const guesses = [
      { authorization: `Basic ${this.#guess("rest, basic")}` },
      { authorization: this.#guess("rest, bare") },
      { "x-vault-token": this.#guess("rest, vault header") },
      { cookie: `token=${this.#guess("rest, cookie")}` },
    ];
    for (const headers of guesses) {
      await this.#refused({ method: "POST", path: "/encrypt", headers, body: JSON.stringify(body) });
    }
    await this.#refused(wires.restRequest("GET", `/keys?token=${this.#guess("rest, query")}`));
  }

  async #refusedByVault(): Promise<void> {
    const wires = this.#wires;
    const vault = (path: string, body: unknown) => this.#refused(wires.vaultRequest("POST", `transit/${path}`, body));
    await vault("encrypt/used", { plaintext: `${this.#mark("vault, no base64")}*` });
    await vault("encrypt/used", { plaintext: { text: this.#mark("vault, wrong type") } });
    await vault("encrypt/used", `{"plaintext":"${this.#encoded("vault, malformed")}"`);
    await vault("encrypt/used", { plaintext: this.#encoded("vault, version"), key_version: 99 });
    await vault("encrypt/used", { batch_input: [{ plaintext: `${this.#mark("vault, batch")}*` }] });
    await vault("encrypt/used", { batch_input: [this.#mark("vault, batch type")] });
    await vault("encrypt/used", { batch_input: this.#mark("vault, batch text") });
    for (const key of ["disabled", "deleted"]) {
      await vault(`encrypt/${key}`, { plaintext: this.#encoded(`vault, ${key} key`) });
    }
    await vault("decrypt/used", { ciphertext: this.#encoded("vault, plaintext for ciphertext") });
    await vault("decrypt/used", { ciphertext: `vault:v1:${this.#encoded("vault, ciphertext")}` });
    await vault("frobnicate/used", { plaintext: this.#encoded("vault, unknown path") });
    await this.#refused(wires.vaultRequest("POST", `nowhere/encrypt/used`, { plaintext: this.#encoded("no mount") }));
    await this.#refused(wires.vaultRequest("GET", `transit/encrypt/used?plaintext=${this.#mark("vault, query")}`));
    const body = { plaintext: this.#encoded("vault, wrong token") };
    await this.#refused(wires.vaultRequest("POST", "transit/encrypt/used", body, this.#guess("vault, token")));
    const headers = { authorization: `Bearer ${this.#guess("vault, bearer")}` };
    await this.#refused({ method: "GET", path: "/v1/auth/token/lookup-self", headers, body: "" });
    const lookup = { token: this.#guess("vault, token in a body") };
    await this.#refused(wires.vaultRequest("POST", "auth/token/lookup", lookup));
    const login = { password: this.#guess("vault, password") };
    await this.#refused(wires.vaultRequest("POST", "auth/userpass/login/ada", login));
  }
}
