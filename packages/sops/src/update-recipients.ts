import type { PlaintextDataKey } from "@coffer/envelope";
import { metadataOf, type SopsContext, timeText } from "./config-file.ts";
import { checkGroups, type KeyGroups, unwrapDataKey, wrapDataKey } from "./data-key.ts";
import type { ConfigDocument } from "./document.ts";
import { metadataTree } from "./metadata.ts";
import { type Recipient, recipientName } from "./recipients.ts";

/**
 * Makes these the recipients of an encrypted document. No value changes, nor the data key: who was a recipient may have kept
 * it, so rotate too when one is taken away. Recipients that stay keep what was wrapped for them, so that only new ones cost a
 * call; where there are several groups before or after, the data key is shared out anew to all.
 *
 * @param keyGroups recipients of `recipientGroups(document)`, without some and with others
 * @returns whether anything changed
 * @throws EnvelopeError InvalidInput, MessageMalformed; KeyUnavailable when no recipient's key can decrypt, or a new one's not
 *   encrypt. The document is then as it was.
 */
export async function updateRecipients(
  document: ConfigDocument,
  keyGroups: KeyGroups,
  context: SopsContext,
): Promise<boolean> {
  checkGroups(keyGroups);
  const { metadata, tree } = metadataOf(document);
  if (shapeOf(metadata) === shapeOf(keyGroups)) return false;
  using dataKey = await unwrapDataKey(metadata, context.services);
  const createdAt = timeText(context.nowMs());
  const several = keyGroups.groups.length > 1;
  const groups =
    several || metadata.groups.length > 1
      ? await wrapDataKey(dataKey, keyGroups, context.services, createdAt)
      : [await wrapForNew(dataKey, keyGroups.groups[0]!, metadata.groups[0]!, context, createdAt)];
  const shamirThreshold = several ? (keyGroups.shamirThreshold ?? groups.length) : undefined;
  document.setMetadata(metadataTree({ ...metadata, groups, shamirThreshold }, tree));
  return true;
}

async function wrapForNew(
  dataKey: PlaintextDataKey,
  wanted: readonly Recipient[],
  before: readonly Recipient[],
  { services }: SopsContext,
  createdAt: string,
): Promise<readonly Recipient[]> {
  const known = new Map(before.map((recipient) => [recipientName(recipient), recipient]));
  const added = wanted.filter((recipient) => !known.has(recipientName(recipient)));
  const [wrapped = []] = added.length > 0 ? await wrapDataKey(dataKey, { groups: [added] }, services, createdAt) : [];
  return [...wanted.flatMap((recipient) => known.get(recipientName(recipient)) ?? []), ...wrapped];
}

function shapeOf({ groups, shamirThreshold }: KeyGroups): string {
  const names = groups.map((group) => group.map(recipientName).sort());
  return JSON.stringify([names, groups.length > 1 ? (shamirThreshold ?? groups.length) : 0]);
}
