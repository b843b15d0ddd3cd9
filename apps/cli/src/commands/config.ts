import { type Command, jsonOption } from "../command.ts";
import { formatOption, outputOptions, recipientOptions } from "../config/option-rows.ts";
import { keyServiceOptions } from "../key-services.ts";

const ignoreMacOption = {
  name: "ignore-mac",
  doc: "Read a file that was changed without SOPS, to repair it: nobody knows who changed it.",
};

/** `coffer config ...`: SOPS files. */
export const configCommands: readonly Command[] = [
  {
    name: "config encrypt",
    summary: "Encrypt the values of a config file, so that the real sops reads it too",
    usage: "[--key KEY]... [--vault-key NAME]... FILE|- [-o OUT | -i]",
    options: [...recipientOptions, ...outputOptions, formatOption, ...keyServiceOptions],
    notes: [
      "Keys, order and comments stay readable. Without keys, the creation rules of the nearest .sops.yaml hold.",
      "Example:\n  coffer config encrypt --key alias/config secrets.yaml -o secrets.enc.yaml",
    ],
    maxPositionals: 1,
    run: async (invocation) => (await import("../config/run-config.ts")).runEncrypt(invocation),
  },
  {
    name: "config decrypt",
    summary: "Decrypt a config file, also one that sops encrypted",
    usage: "FILE|- [-o OUT | -i]",
    options: [...outputOptions, ignoreMacOption, formatOption, ...keyServiceOptions],
    notes: ["Example:\n  coffer config decrypt secrets.enc.yaml"],
    maxPositionals: 1,
    run: async (invocation) => (await import("../config/run-config.ts")).runDecrypt(invocation),
  },
  {
    name: "config get",
    summary: "Print one value of an encrypted config file",
    usage: "FILE PATH [--json]",
    options: [ignoreMacOption, formatOption, ...keyServiceOptions, jsonOption],
    notes: ["Example:\n  coffer config get secrets.enc.yaml db.password"],
    maxPositionals: 2,
    run: async (invocation) => (await import("../config/run-config.ts")).runGet(invocation),
  },
  {
    name: "config set",
    summary: "Change one value of an encrypted config file",
    usage: "FILE PATH VALUE|- [--json]",
    options: [
      formatOption,
      ...keyServiceOptions,
      { name: "json", doc: "VALUE is JSON: a number, a list, a map. Else it is a text." },
    ],
    notes: [
      "With -, the value comes from standard input, so that it is in no list of processes.",
      "Example:\n  coffer config set secrets.enc.yaml db.password - < password.txt",
    ],
    maxPositionals: 3,
    run: async (invocation) => (await import("../config/run-config.ts")).runSet(invocation),
  },
  {
    name: "config rotate",
    summary: "Give an encrypted config file a new data key",
    usage: "FILE",
    options: [formatOption, ...keyServiceOptions],
    notes: ["Do it after a recipient was taken away: who could decrypt may have kept the old data key."],
    maxPositionals: 1,
    run: async (invocation) => (await import("../config/run-config.ts")).runRotate(invocation),
  },
  {
    name: "config updatekeys",
    summary: "Make an encrypted config file's recipients those of the options, or of .sops.yaml",
    usage: "[--key KEY]... [--vault-key NAME]... FILE",
    options: [...recipientOptions, formatOption, ...keyServiceOptions],
    notes: ["No value changes. Recipients that stay cost no call."],
    maxPositionals: 1,
    run: async (invocation) => (await import("../config/run-config.ts")).runUpdateKeys(invocation),
  },
];
