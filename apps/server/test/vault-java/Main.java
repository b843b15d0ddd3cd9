import io.github.jopenlibs.vault.Vault;
import io.github.jopenlibs.vault.VaultConfig;
import io.github.jopenlibs.vault.VaultException;
import io.github.jopenlibs.vault.api.Auth;
import io.github.jopenlibs.vault.api.sys.mounts.MountType;
import io.github.jopenlibs.vault.json.Json;
import io.github.jopenlibs.vault.json.JsonArray;
import io.github.jopenlibs.vault.json.JsonObject;
import io.github.jopenlibs.vault.response.AuthResponse;
import io.github.jopenlibs.vault.response.LogicalResponse;
import io.github.jopenlibs.vault.response.WrapResponse;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * A user's program with vault-java-driver: address and token come from the environment, the parts to run from the
 * command line. It ends with an exception at the first thing that is not as with Vault.
 */
class Main {
  interface Part {
    void run() throws Exception;
  }

  private static final String readOnly = "path \"java-access/*\" { capabilities = [\"read\"] }";
  private static final Vault vault = client(System.getenv("VAULT_TOKEN"));
  private static final Map<String, Part> parts =
      Map.of(
          "system", Main::system,
          "transit", Main::transit,
          "signatures", Main::signatures,
          "kv1", Main::kv1,
          "kv2", Main::kv2,
          "tokens", Main::tokens,
          "approle", Main::approle,
          "userpass", Main::userpass,
          "wrapping", Main::wrapping);

  public static void main(String[] names) throws Exception {
    for (String name : names) {
      parts.get(name).run();
      System.out.println(name);
    }
  }

  private static void system() throws Exception {
    var health = vault.debug().health();
    expect(health.getInitialized() && !health.getSealed() && !health.getStandby(), "a server that serves");
    expect(!vault.sys().seal().sealStatus().getSealed(), "an open seal");
    mount("java-system", "transit", Map.of());
    expect(vault.sys().mounts().list().getMounts().get("java-system/").getType() == MountType.TRANSIT, "the mount");
    refused(400, "path is already in use at java-system/", () -> mount("java-system", "transit", Map.of()));
    vault.sys().mounts().disable("java-system");
    refused(403, "permission denied", () -> client("hvs.wrong").sys().mounts().list());
  }

  private static void transit() throws Exception {
    mount("java-transit", "transit", Map.of());
    write("java-transit/keys/app", Map.of("type", "aes256-gcm96"));
    String old = write("java-transit/encrypt/app", Map.of("plaintext", encode("hello"))).getData().get("ciphertext");
    expect(old.startsWith("vault:v1:"), "a ciphertext of version 1");
    expect(decrypt(old).equals(encode("hello")), "the plaintext back");
    write("java-transit/keys/app/rotate", Map.of());
    String renewed = write("java-transit/rewrap/app", Map.of("ciphertext", old)).getData().get("ciphertext");
    expect(renewed.startsWith("vault:v2:") && decrypt(renewed).equals(encode("hello")), "a ciphertext of version 2");
    Map<String, String> dataKey = write("java-transit/datakey/plaintext/app", Map.of("bits", 256)).getData();
    expect(decrypt(dataKey.get("ciphertext")).equals(dataKey.get("plaintext")), "the data key back");
    JsonArray items = new JsonArray().add(item("plaintext", encode("first"))).add(item("plaintext", encode("second")));
    JsonArray sealed = batch("encrypt", items);
    JsonArray opened = batch("decrypt", sealed);
    expect(opened.get(1).asObject().getString("plaintext").equals(encode("second")), "the second plaintext");
    JsonObject key = vault.logical().read("java-transit/keys/app").getDataObject();
    expect(key.getInt("latest_version") == 2 && key.getBoolean("supports_encryption"), "what the key is");
    expect(vault.logical().list("java-transit/keys").getListData().equals(List.of("app")), "its name");
    refused(400, "message authentication failed", () -> decrypt(old.substring(0, old.length() - 8) + "AAAAAAAA"));
    refused(400, "deletion is not allowed for this key", () -> vault.logical().delete("java-transit/keys/app"));
    vault.sys().mounts().disable("java-transit");
  }

  private static void signatures() throws Exception {
    mount("java-sign", "transit", Map.of());
    for (String[] kind : new String[][] {{"ecdsa-p256", "EC", "SHA256withECDSA"}, {"rsa-2048", "RSA", "SHA256withRSA"}}) {
      write("java-sign/keys/" + kind[0], Map.of("type", kind[0]));
      JsonObject key = vault.logical().read("java-sign/keys/" + kind[0]).getDataObject();
      String pem = key.get("keys").asObject().get("1").asObject().getString("public_key");
      byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
      var published = KeyFactory.getInstance(kind[1]).generatePublic(new X509EncodedKeySpec(der));
      Map<String, Object> input = Map.of("input", encode("the message"), "signature_algorithm", "pkcs1v15");
      String signature = write("java-sign/sign/" + kind[0], input).getData().get("signature");
      Signature verifier = Signature.getInstance(kind[2]);
      verifier.initVerify(published);
      verifier.update("the message".getBytes(StandardCharsets.UTF_8));
      expect(verifier.verify(Base64.getDecoder().decode(signature.substring(9))), "what java.security verifies");
    }
    vault.sys().mounts().disable("java-sign");
  }

  private static void kv1() throws Exception {
    mount("java-kv1", "kv", Map.of("version", "1"));
    var secrets = vault.logical();
    secrets.write("java-kv1/app", Map.of("password", "hunter2"));
    expect(secrets.read("java-kv1/app").getData().get("password").equals("hunter2"), "the secret");
    expect(secrets.list("java-kv1/").getListData().equals(List.of("app")), "its name");
    secrets.delete("java-kv1/app");
    expect(secrets.read("java-kv1/app").getRestResponse().getStatus() == 404, "no secret");
    vault.sys().mounts().disable("java-kv1");
  }

  private static void kv2() throws Exception {
    mount("java-kv2", "kv", Map.of("version", "2"));
    var secrets = client(System.getenv("VAULT_TOKEN"), 2).logical();
    secrets.write("java-kv2/app", Map.of("password", "one"));
    secrets.write("java-kv2/app", Map.of("password", "two"));
    expect(secrets.read("java-kv2/app").getData().get("password").equals("two"), "the secret");
    expect(secrets.read("java-kv2/app", true, 1).getData().get("password").equals("one"), "the old secret");
    expect(secrets.list("java-kv2/").getListData().equals(List.of("app")), "its name");
    secrets.delete("java-kv2/app", new int[] {1});
    secrets.unDelete("java-kv2/app", new int[] {1});
    secrets.destroy("java-kv2/app", new int[] {1});
    expect(secrets.read("java-kv2/app", true, 1).getRestResponse().getStatus() == 404, "a destroyed version");
    vault.sys().mounts().disable("java-kv2");
  }

  private static void tokens() throws Exception {
    write("sys/policies/acl/java-tokens", Map.of("policy", readOnly));
    AuthResponse made = vault.auth().createToken(
        new Auth.TokenRequest().polices(List.of("java-tokens")).ttl("1h").displayName("java").renewable(true));
    expect(made.getAuthPolicies().equals(List.of("default", "java-tokens")), "its policies");
    Vault own = client(made.getAuthClientToken());
    expect(own.auth().lookupSelf().getDisplayName().equals("token-java"), "its name");
    expect(own.auth().renewSelf(7200).getAuthLeaseDuration() == 7200, "two hours");
    refused(403, "permission denied", () -> own.sys().mounts().list());
    own.auth().revokeSelf();
    refused(403, "permission denied", () -> own.auth().lookupSelf());
  }

  private static void approle() throws Exception {
    write("sys/auth/java-approle", Map.of("type", "approle"));
    write("auth/java-approle/role/app", Map.of("token_ttl", "20m", "token_policies", "java-tokens"));
    String role = vault.logical().read("auth/java-approle/role/app/role-id").getData().get("role_id");
    String secret = write("auth/java-approle/role/app/secret-id", Map.of()).getData().get("secret_id");
    AuthResponse loggedIn = client(null).auth().loginByAppRole("java-approle", role, secret);
    expect(loggedIn.getAuthLeaseDuration() == 1200, "20 minutes");
    refused(400, "invalid role or secret ID", () -> client(null).auth().loginByAppRole("java-approle", role, "wrong"));
    vault.logical().delete("sys/auth/java-approle");
  }

  private static void userpass() throws Exception {
    write("sys/auth/java-userpass", Map.of("type", "userpass"));
    write("auth/java-userpass/users/ada", Map.of("password", "correct horse", "token_policies", "default"));
    AuthResponse loggedIn = client(null).auth().loginByUserPass("ada", "correct horse", "java-userpass");
    expect(loggedIn.getUsername().equals("ada"), "her name");
    refused(
        400,
        "invalid username or password",
        () -> client(null).auth().loginByUserPass("ada", "wrong", "java-userpass"));
    vault.logical().delete("sys/auth/java-userpass");
  }

  private static void wrapping() throws Exception {
    WrapResponse wrapped = vault.sys().wrapping().wrap(new JsonObject().add("hello", "world"), 300);
    LogicalResponse looked = vault.sys().wrapping().lookupWrap(wrapped.getToken(), false);
    expect(looked.getData().get("creation_path").equals("sys/wrapping/wrap"), "where it was made");
    WrapResponse again = vault.sys().wrapping().rewrap(wrapped.getToken());
    var opened = vault.sys().wrapping().unwrap(again.getToken(), false);
    expect(opened.getData().getString("hello").equals("world"), "hello");
    refused(
        400,
        "wrapping token is not valid or does not exist",
        () -> vault.sys().wrapping().unwrap(again.getToken(), false));
  }

  private static Vault client(String token) {
    return client(token, 1);
  }

  private static Vault client(String token, int engineVersion) {
    try {
      VaultConfig config = new VaultConfig().address(System.getenv("VAULT_ADDR")).engineVersion(engineVersion);
      if (token != null) config.token(token);
      return Vault.create(config.build());
    } catch (VaultException error) {
      throw new IllegalStateException(error);
    }
  }

  private static void mount(String path, String type, Map<String, String> options) throws VaultException {
    JsonObject settings = new JsonObject();
    options.forEach(settings::add);
    write("sys/mounts/" + path, Map.of("type", type, "options", settings));
  }

  private static LogicalResponse write(String path, Map<String, Object> data) throws VaultException {
    return check(vault.logical().write(path, data));
  }

  /** This client's logical answers hold refusals instead of raising them. */
  private static LogicalResponse check(LogicalResponse answer) throws VaultException {
    int status = answer.getRestResponse().getStatus();
    String body = new String(answer.getRestResponse().getBody(), StandardCharsets.UTF_8);
    if (status >= 400) throw new VaultException(body, status);
    return answer;
  }

  private static String decrypt(String ciphertext) throws VaultException {
    return write("java-transit/decrypt/app", Map.of("ciphertext", ciphertext)).getData().get("plaintext");
  }

  private static JsonArray batch(String operation, JsonArray items) throws VaultException {
    var answer = write("java-transit/" + operation + "/app", Map.of("batch_input", items));
    return Json.parse(answer.getData().get("batch_results")).asArray();
  }

  private static JsonObject item(String name, String value) {
    return new JsonObject().add(name, value);
  }

  private static String encode(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static void refused(int status, String text, Part part) throws Exception {
    try {
      part.run();
    } catch (VaultException error) {
      expect(error.getHttpStatusCode() == status, status + ", not " + error.getHttpStatusCode());
      expect(error.getMessage().contains(text), text + ": " + error.getMessage());
      return;
    }
    throw new IllegalStateException("expected a refusal: " + text);
  }

  private static void expect(boolean holds, String what) {
    if (!holds) throw new IllegalStateException("expected: " + what);
  }
}
