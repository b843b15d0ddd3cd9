import { EnvelopeError } from "@coffer/envelope";
import type { KeyServices, KmsRecipient, TransitRecipient } from "@coffer/sops";
import type { Invocation } from "../command.ts";
import { openKeyServices } from "../key-services.ts";

/**
 * The key services of SOPS files: AWS's and Vault's settings as for every command. A file names its Vault server; the token
 * goes there only when VAULT_ADDR names the same one.
 */
export async function openConfigServices(invocation: Invocation): Promise<KeyServices> {
  const services = await openKeyServices(invocation);
  return {
    kms: async (recipient) => (await servicesFor(invocation, recipient, services)).kms(recipient.region),
    transit: (recipient) => {
      checkAddress(invocation, recipient);
      return services.transit(recipient.mount);
    },
  };
}

type Services = Awaited<ReturnType<typeof openKeyServices>>;

async function servicesFor(invocation: Invocation, recipient: KmsRecipient, services: Services): Promise<Services> {
  if (recipient.role !== undefined) {
    throw refused(
      `the file asks for the role ${recipient.role}: assume it first, and put its credentials into the environment`,
    );
  }
  if (recipient.profile === undefined || invocation.flags.has("profile")) return services;
  const flags = new Map([...invocation.flags, ["profile", [recipient.profile]] as const]);
  return openKeyServices({ ...invocation, flags });
}

function checkAddress({ environment }: Invocation, { address }: TransitRecipient): void {
  const agreed = URL.parse(environment["VAULT_ADDR"] ?? "")?.origin;
  if (agreed !== undefined && agreed === URL.parse(address)?.origin) return;
  throw refused(`the file names the Vault server ${address}: set VAULT_ADDR to it, if your token may go there`);
}

function refused(text: string): EnvelopeError {
  return new EnvelopeError("InvalidInput", text);
}
