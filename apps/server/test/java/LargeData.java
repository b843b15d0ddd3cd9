import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.kms.model.DataKeySpec;

/**
 * Envelope encryption. The result is: two bytes with the length of the encrypted data key, that key, a nonce, the ciphertext
 * with its tag. What stands before the ciphertext is authenticated.
 */
record LargeData(KmsClient kms, String keyId) {
  private static final int nonceBytes = 12;
  private static final int tagBytes = 16;

  byte[] encryptLargeData(byte[] plaintext, Map<String, String> context) throws GeneralSecurityException {
    var dataKey =
        kms.generateDataKey(input -> input.keyId(keyId).keySpec(DataKeySpec.AES_256).encryptionContext(context));
    byte[] wrapped = dataKey.ciphertextBlob().asByteArray();
    byte[] nonce = new byte[nonceBytes];
    new SecureRandom().nextBytes(nonce);
    byte[] header =
        ByteBuffer.allocate(2 + wrapped.length + nonceBytes).putShort((short) wrapped.length).put(wrapped).put(nonce).array();
    byte[] body = gcm(Cipher.ENCRYPT_MODE, dataKey.plaintext(), nonce, header).doFinal(plaintext);
    return ByteBuffer.allocate(header.length + body.length).put(header).put(body).array();
  }

  byte[] decryptLargeData(byte[] sealed, Map<String, String> context) throws GeneralSecurityException {
    int keyEnd = 2 + Short.toUnsignedInt(ByteBuffer.wrap(sealed).getShort());
    byte[] wrapped = Arrays.copyOfRange(sealed, 2, keyEnd);
    byte[] nonce = Arrays.copyOfRange(sealed, keyEnd, keyEnd + nonceBytes);
    byte[] header = Arrays.copyOf(sealed, keyEnd + nonceBytes);
    var dataKey =
        kms.decrypt(
            input ->
                input.keyId(keyId).ciphertextBlob(SdkBytes.fromByteArray(wrapped)).encryptionContext(context));
    return gcm(Cipher.DECRYPT_MODE, dataKey.plaintext(), nonce, header)
        .doFinal(sealed, header.length, sealed.length - header.length);
  }

  private static Cipher gcm(int mode, SdkBytes key, byte[] nonce, byte[] header) throws GeneralSecurityException {
    byte[] bytes = key.asByteArray();
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(mode, new SecretKeySpec(bytes, "AES"), new GCMParameterSpec(tagBytes * 8, nonce));
      cipher.updateAAD(header);
      return cipher;
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }
}
