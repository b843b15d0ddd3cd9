/** The two functions that differ between the APIs. */
export interface TextCipher {
  encrypt(plaintext: string): Promise<string>;
  decrypt(ciphertext: string): Promise<string>;
}

/**
 * Users with encrypted passwords. Encrypting passwords lets whoever may use the key read them: do it for passwords that
 * must be sent on to another system. For logging users in, a salted hash is the right way: hashed.ts.
 */
export class Users {
  readonly #cipher: TextCipher;
  readonly #passwords = new Map<string, string>();

  constructor(cipher: TextCipher) {
    this.#cipher = cipher;
  }

  async add(name: string, password: string): Promise<void> {
    this.#passwords.set(name, await this.#cipher.encrypt(password));
  }

  /** What a thief of the table sees. */
  stored(name: string): string | undefined {
    return this.#passwords.get(name);
  }

  async logIn(name: string, password: string): Promise<boolean> {
    const stored = this.#passwords.get(name);
    return stored !== undefined && (await this.#cipher.decrypt(stored)) === password;
  }
}

/** Stores two users, logs in right and wrong, and says what happened. */
export async function showUsers(api: string, cipher: TextCipher): Promise<void> {
  const users = new Users(cipher);
  await users.add("alice", "correct horse battery staple");
  await users.add("bob", "hunter2");
  console.log(`${api}: stored for alice: ${users.stored("alice")?.slice(0, 48)}...`);
  const right = await users.logIn("alice", "correct horse battery staple");
  const wrong = await users.logIn("alice", "hunter2");
  console.log(`${api}: log in with the right password: ${right ? "welcome" : "refused"}`);
  console.log(`${api}: log in with a wrong password: ${wrong ? "welcome" : "refused"}`);
  if (!right || wrong) throw new Error("the log-in does not work");
}
