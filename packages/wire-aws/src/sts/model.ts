import { queryModel } from "../query/codec.ts";
import { operations, shapes, xmlNamespace } from "./generated/model.ts";

/** AWS STS. */
export const stsModel = queryModel({
  service: "sts",
  version: "2011-06-15",
  xmlNamespace,
  eventSource: "sts.amazonaws.com",
  operations,
  shapes,
});
