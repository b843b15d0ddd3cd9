import { invalidInput } from "../errors.ts";
import type { Keyring } from "./keyring.ts";
import { problemOf } from "./problem.ts";

/**
 * Several keyrings together: the first makes each data key, all wrap it, and any of them decrypts. Source: AWS Encryption
 * SDK specification, framework/multi-keyring.md.
 *
 * @throws EnvelopeError InvalidInput when there is none
 */
export function multiKeyring(keyrings: readonly Keyring[]): Keyring {
  const [generator, ...others] = keyrings;
  if (generator === undefined) throw invalidInput("A multi-keyring has at least one keyring.");
  return {
    async generateDataKey(request) {
      const generated = await generator.generateDataKey(request);
      try {
        const wrapped = await Promise.all(others.map((keyring) => keyring.wrapDataKey(generated.dataKey, request)));
        return { ...generated, encryptedDataKeys: [...generated.encryptedDataKeys, ...wrapped.flat()] };
      } catch (error) {
        generated.dataKey.dispose();
        throw error;
      }
    },
    async wrapDataKey(dataKey, request) {
      return (await Promise.all(keyrings.map((keyring) => keyring.wrapDataKey(dataKey, request)))).flat();
    },
    async unwrapDataKey(encryptedDataKeys, request) {
      const problems: string[] = [];
      for (const keyring of keyrings) {
        try {
          const outcome = await keyring.unwrapDataKey(encryptedDataKeys, request);
          if (outcome.dataKey !== undefined) return { ...outcome, problems: [...problems, ...outcome.problems] };
          problems.push(...outcome.problems);
        } catch (error) {
          // One that cannot work does not keep the others from it; whoever is left without a key is told.
          problems.push(problemOf(error));
        }
      }
      return { problems };
    },
  };
}
