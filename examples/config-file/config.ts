/** A value of a configuration file. */
export type ConfigValue =
  | string
  | number
  | boolean
  | null
  | readonly ConfigValue[]
  | { readonly [name: string]: ConfigValue };

/** Encrypts or decrypts one text; `path` is where it stands, such as `database.password`. */
export type Transform = (text: string, path: string) => Promise<string>;

const sensitive = /password|secret|token|api_?key/i;
const mark = /^ENC\[(.*)\]$/s;

async function mapTexts(
  value: ConfigValue,
  path: string,
  change: (text: string, path: string) => Promise<string>,
): Promise<ConfigValue> {
  if (typeof value === "string") return change(value, path);
  if (Array.isArray(value)) {
    return Promise.all(value.map((item: ConfigValue, index) => mapTexts(item, `${path}.${index}`, change)));
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(async ([name, member]) => [
    name,
    await mapTexts(member, path === "" ? name : `${path}.${name}`, change),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

/** Encrypts the values whose name says that they are secret; the rest stays readable. */
export function encryptConfig(config: ConfigValue, encrypt: Transform): Promise<ConfigValue> {
  return mapTexts(config, "", async (text, path) =>
    sensitive.test(path) && !mark.test(text) ? `ENC[${await encrypt(text, path)}]` : text,
  );
}

/** Decrypts what `encryptConfig` encrypted. */
export function decryptConfig(config: ConfigValue, decrypt: Transform): Promise<ConfigValue> {
  return mapTexts(config, "", async (text, path) => {
    const ciphertext = mark.exec(text)?.[1];
    return ciphertext === undefined ? text : decrypt(ciphertext, path);
  });
}
