import { MessagingError } from "@coffer/messaging";
import { armor, enums, type PrivateKey } from "openpgp";
import { parseCertificate } from "./certificates.ts";
import { fullConfig, type OpenPgpSettings } from "./settings.ts";
import { openAndVerify, signAndEncrypt } from "./signed-message.ts";

/** The most recipients of a mail. */
const maxRecipients = 1000;

/** A mail that was opened, and whose signature is its sender's. */
export interface OpenedMail {
  readonly text: string;
  readonly signedAtMs: number;
  /**
   * Whether the sender signed for whom it wrote to (RFC 9580, section 5.2.3.36), and this key is among them. `unnamed`: the
   * sender's program does not, as gpg 2.2; then who got the mail may have encrypted it anew for this key.
   */
  readonly recipients: "named" | "unnamed";
}

/** @throws MessagingError InvalidInput */
export async function sealMail(
  settings: OpenPgpSettings,
  signer: PrivateKey,
  recipients: readonly string[],
  text: string,
): Promise<string> {
  if (recipients.length === 0 || recipients.length > maxRecipients) {
    throw new MessagingError("InvalidInput", `A mail has 1 to ${maxRecipients} recipients.`);
  }
  const certificates = await Promise.all(recipients.map((armored) => certificateOf(settings, armored)));
  const message = await signAndEncrypt(settings, signer, certificates, new TextEncoder().encode(text), new Map());
  return armor(
    enums.armor.message,
    message,
    undefined,
    undefined,
    undefined,
    settings.format === "v4",
    fullConfig(settings.config),
  );
}

/** @throws MessagingError InvalidInput */
export async function openMail(
  settings: OpenPgpSettings,
  own: PrivateKey,
  sender: string,
  armored: string,
): Promise<OpenedMail> {
  const certificate = await certificateOf(settings, sender);
  try {
    const { plaintext, signedAtMs, isIntended } = await openAndVerify(settings, own, certificate, armored);
    if (isIntended === false) throw new Error("it was signed for others");
    const text = new TextDecoder("utf-8", { fatal: true }).decode(plaintext);
    return { text, signedAtMs, recipients: isIntended === true ? "named" : "unnamed" };
  } catch (cause) {
    const why = "The mail does not open: it is damaged, for another key, or not signed by this sender.";
    throw new MessagingError("InvalidInput", why, { cause });
  }
}

async function certificateOf(settings: OpenPgpSettings, armored: string) {
  try {
    return await parseCertificate(settings, armored);
  } catch (cause) {
    throw new MessagingError(
      "InvalidInput",
      "A certificate cannot be used: it is weak, expired, revoked or malformed.",
      {
        cause,
      },
    );
  }
}
