import {
  addOidcClientId,
  createOidcProvider,
  deleteOidcProvider,
  getOidcProvider,
  listOidcProviders,
  removeOidcClientId,
  tagOidcProvider,
  untagOidcProvider,
  updateOidcThumbprints,
} from "@coffer/service";
import { codecsOf, type QueryRow } from "../query/codec.ts";
import type { OperationTypes } from "./generated/types.ts";
import { iamModel } from "./model.ts";
import { cutList, decodeTags, encodeMarker, encodeTags, seconds } from "./shapes.ts";

const define = codecsOf<OperationTypes>(iamModel);
const nothing = () => undefined;

/** OpenID Connect providers. */
export const providerRows: readonly QueryRow[] = [
  define("CreateOpenIDConnectProvider", {
    operation: createOidcProvider,
    decode: ({ Url, ClientIDList, ThumbprintList, Tags }) => ({
      url: Url,
      clientIds: ClientIDList,
      thumbprints: ThumbprintList,
      tags: decodeTags(Tags),
    }),
    encode: ({ provider }) => ({ OpenIDConnectProviderArn: provider.arn, Tags: encodeTags(provider.tags) }),
  }),
  define("GetOpenIDConnectProvider", {
    operation: getOidcProvider,
    decode: ({ OpenIDConnectProviderArn }) => ({ providerArn: OpenIDConnectProviderArn }),
    encode: ({ provider }) => ({
      Url: provider.url,
      ClientIDList: provider.clientIds,
      ThumbprintList: provider.thumbprints,
      CreateDate: seconds(provider.createdAtMs),
      Tags: encodeTags(provider.tags),
    }),
  }),
  define("ListOpenIDConnectProviders", {
    operation: listOidcProviders,
    decode: () => null,
    encode: ({ providers }) => ({ OpenIDConnectProviderList: providers.map(({ arn }) => ({ Arn: arn })) }),
  }),
  define("DeleteOpenIDConnectProvider", {
    operation: deleteOidcProvider,
    decode: ({ OpenIDConnectProviderArn }) => ({ providerArn: OpenIDConnectProviderArn }),
    encode: nothing,
  }),
  define("AddClientIDToOpenIDConnectProvider", {
    operation: addOidcClientId,
    decode: ({ OpenIDConnectProviderArn, ClientID }) => ({ providerArn: OpenIDConnectProviderArn, clientId: ClientID }),
    encode: nothing,
  }),
  define("RemoveClientIDFromOpenIDConnectProvider", {
    operation: removeOidcClientId,
    decode: ({ OpenIDConnectProviderArn, ClientID }) => ({ providerArn: OpenIDConnectProviderArn, clientId: ClientID }),
    encode: nothing,
  }),
  define("UpdateOpenIDConnectProviderThumbprint", {
    operation: updateOidcThumbprints,
    decode: ({ OpenIDConnectProviderArn, ThumbprintList }) => ({
      providerArn: OpenIDConnectProviderArn,
      thumbprints: ThumbprintList,
    }),
    encode: nothing,
  }),
  define("TagOpenIDConnectProvider", {
    operation: tagOidcProvider,
    decode: ({ OpenIDConnectProviderArn, Tags }) => ({
      providerArn: OpenIDConnectProviderArn,
      tags: decodeTags(Tags) ?? [],
    }),
    encode: nothing,
  }),
  define("UntagOpenIDConnectProvider", {
    operation: untagOidcProvider,
    decode: ({ OpenIDConnectProviderArn, TagKeys }) => ({ providerArn: OpenIDConnectProviderArn, tagKeys: TagKeys }),
    encode: nothing,
  }),
  define("ListOpenIDConnectProviderTags", {
    operation: getOidcProvider,
    decode: ({ OpenIDConnectProviderArn }) => ({ providerArn: OpenIDConnectProviderArn }),
    encode({ provider }, input) {
      const page = cutList(provider.tags, input);
      return { Tags: encodeTags(page.items), ...encodeMarker(page) };
    },
  }),
];
