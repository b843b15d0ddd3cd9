import { queryModel } from "../query/codec.ts";
import { operations, shapes, xmlNamespace } from "./generated/model.ts";

/** AWS IAM: one for all regions. */
export const iamModel = queryModel({
  service: "iam",
  version: "2010-05-08",
  xmlNamespace,
  eventSource: "iam.amazonaws.com",
  region: "us-east-1",
  operations,
  shapes,
});
