import { connect, keyName } from "../vault/connect.ts";
import { showUsers } from "./users.ts";

// The same use case with a Vault client: only encrypt and decrypt are exchanged. make vault-client
const client = connect();
await showUsers("Vault", {
  async encrypt(plaintext) {
    const { data } = await client.encryptData({ name: keyName, plaintext: Buffer.from(plaintext).toString("base64") });
    return String(data.ciphertext);
  },
  async decrypt(ciphertext) {
    const { data } = await client.decryptData({ name: keyName, ciphertext });
    return Buffer.from(String(data.plaintext), "base64").toString();
  },
});
