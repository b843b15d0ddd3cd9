import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.HashSet;
import java.util.Map;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.kms.model.*;

/**
 * A user's program with the AWS SDK for Java: endpoint, region and credentials come from the environment. It ends with
 * an exception at the first thing that is not as with AWS KMS.
 */
class Main {
  private static final byte[] message = "the message".getBytes(StandardCharsets.UTF_8);

  public static void main(String[] arguments) throws Exception {
    try (KmsClient kms = KmsClient.create()) {
      if (arguments.length == 4) {
        largeData(new LargeData(kms, arguments[1]), arguments[0], Path.of(arguments[2]), Path.of(arguments[3]));
        return;
      }
      encryptAndDecrypt(kms);
      signAndVerify(kms, KeySpec.ECC_NIST_P256, SigningAlgorithmSpec.ECDSA_SHA_256, "EC", "SHA256withECDSA");
      signAndVerify(kms, KeySpec.RSA_2048, SigningAlgorithmSpec.RSASSA_PKCS1_V1_5_SHA_256, "RSA", "SHA256withRSA");
      pages(kms);
      failures(kms);
    }
  }

  private static void largeData(LargeData data, String action, Path source, Path target) throws Exception {
    Map<String, String> context = Map.of("file", "report");
    byte[] input = Files.readAllBytes(source);
    boolean encrypts = action.equals("encrypt");
    Files.write(target, encrypts ? data.encryptLargeData(input, context) : data.decryptLargeData(input, context));
  }

  private static void encryptAndDecrypt(KmsClient kms) {
    KeyMetadata made = kms.createKey(key -> key.description("from Java")).keyMetadata();
    KeyMetadata described = kms.describeKey(key -> key.keyId(made.arn())).keyMetadata();
    expect(described.equals(made), "one description of the key");
    expect(described.keyState() == KeyState.ENABLED, "an enabled key");
    SdkBytes secret = SdkBytes.fromByteArray(new byte[] {0, -1, -128, 10});
    Map<String, String> context = Map.of("order", "7", "customer", "42");
    EncryptResponse sealed =
        kms.encrypt(input -> input.keyId(made.keyId()).plaintext(secret).encryptionContext(context));
    DecryptResponse opened =
        kms.decrypt(input -> input.ciphertextBlob(sealed.ciphertextBlob()).encryptionContext(context));
    expect(opened.plaintext().equals(secret), "the plaintext back");
    expect(opened.keyId().equals(made.arn()), "the key's ARN");
    refuses(
        InvalidCiphertextException.class, () -> kms.decrypt(input -> input.ciphertextBlob(sealed.ciphertextBlob())));
    System.out.println("encrypted and decrypted");
  }

  private static void signAndVerify(
      KmsClient kms, KeySpec spec, SigningAlgorithmSpec algorithm, String keyAlgorithm, String local)
      throws Exception {
    String id = kms.createKey(key -> key.keySpec(spec).keyUsage(KeyUsageType.SIGN_VERIFY)).keyMetadata().keyId();
    byte[] published = kms.getPublicKey(key -> key.keyId(id)).publicKey().asByteArray();
    var publicKey = KeyFactory.getInstance(keyAlgorithm).generatePublic(new X509EncodedKeySpec(published));
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(message);
    for (MessageType type : new MessageType[] {MessageType.RAW, MessageType.DIGEST}) {
      SdkBytes bytes = SdkBytes.fromByteArray(type == MessageType.RAW ? message : digest);
      SdkBytes signature =
          kms.sign(input -> input.keyId(id).message(bytes).messageType(type).signingAlgorithm(algorithm)).signature();
      Signature verifier = Signature.getInstance(local);
      verifier.initVerify(publicKey);
      verifier.update(message);
      expect(verifier.verify(signature.asByteArray()), "a signature that java.security verifies");
      expect(verify(kms, id, bytes, type, algorithm, signature).signatureValid(), "a valid signature");
      byte[] changed = signature.asByteArray();
      changed[changed.length - 1] ^= 1;
      refuses(
          KmsInvalidSignatureException.class,
          () -> verify(kms, id, bytes, type, algorithm, SdkBytes.fromByteArray(changed)));
    }
    System.out.println("signed and verified with " + spec);
  }

  private static VerifyResponse verify(
      KmsClient kms, String id, SdkBytes bytes, MessageType type, SigningAlgorithmSpec algorithm, SdkBytes signature) {
    return kms.verify(
        input ->
            input.keyId(id).message(bytes).messageType(type).signingAlgorithm(algorithm).signature(signature));
  }

  private static void pages(KmsClient kms) {
    HashSet<String> seen = new HashSet<>();
    kms.listKeysPaginator(input -> input.limit(1))
        .keys()
        .forEach(key -> expect(seen.add(key.keyId()), "each key once"));
    System.out.println("listed " + seen.size() + " keys");
  }

  private static void failures(KmsClient kms) {
    refuses(
        NotFoundException.class, () -> kms.describeKey(key -> key.keyId("00000000-0000-4000-8000-000000000000")));
    KmsException invalid = refuses(KmsException.class, () -> kms.generateRandom(input -> input.numberOfBytes(2048)));
    expect("ValidationException".equals(invalid.awsErrorDetails().errorCode()), "ValidationException");
    expect(invalid.statusCode() == 400, "status 400");
    expect(invalid.requestId() != null, "a request id");
    System.out.println("refusals are of the SDK's own classes");
  }

  private static <Failure extends KmsException> Failure refuses(Class<Failure> expected, Runnable call) {
    try {
      call.run();
    } catch (KmsException failure) {
      expect(expected.isInstance(failure), expected.getSimpleName() + ", not " + failure);
      return expected.cast(failure);
    }
    throw new IllegalStateException("expected: " + expected.getSimpleName());
  }

  private static void expect(boolean holds, String what) {
    if (!holds) throw new IllegalStateException("expected: " + what);
  }
}
