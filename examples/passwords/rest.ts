import { CofferRest } from "../shared/coffer-rest.ts";
import { showUsers } from "./users.ts";

// The use case over REST: make client-usecase1
const keyId = "user-passwords";
const coffer = new CofferRest();
await coffer.ensureKey(keyId);
await showUsers("REST", {
  encrypt: (plaintext) => coffer.encrypt(keyId, plaintext),
  decrypt: (ciphertext) => coffer.decrypt(keyId, ciphertext),
});
