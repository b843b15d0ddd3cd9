import { sql } from "kysely";
import type { Migration } from "./migrate.ts";

/**
 * Paths, descriptions, tags, trust policies, session lengths and boundaries of principals; names apart from ARNs;
 * managed policies with their versions and attachments; OpenID Connect providers.
 */
export const identities: Migration = {
  name: "0004-identities",
  async up(db, { text, integer, tableEnd }) {
    const add = async (statement: ReturnType<typeof sql>) => void (await statement.execute(db));
    await add(sql`alter table principals add column path ${text} not null default '/'`);
    await add(sql`alter table principals add column description ${text} not null default ''`);
    await add(sql`alter table principals add column tags ${text} not null default '[]'`);
    await add(sql`alter table principals add column trust_policy ${text}`);
    await add(sql`alter table principals add column trust_principals ${text}`);
    await add(sql`alter table principals add column max_session_seconds ${integer}`);
    await add(sql`alter table principals add column boundary_arn ${text}`);
    await add(sql`create table iam_names (
      account ${text} not null, kind ${text} not null, name ${text} not null, arn ${text} not null,
      revision ${integer} not null, constraint iam_names_pk primary key (account, kind, name)) ${tableEnd}`);
    await add(sql`insert into iam_names (account, kind, name, arn, revision)
      select account, kind, name, arn, 1 from principals`);
    await add(sql`create table managed_policies (
      arn ${text} not null, account ${text} not null, name ${text} not null, path ${text} not null,
      policy_id ${text} not null, description ${text} not null, tags ${text} not null,
      default_version ${integer} not null, newest_version ${integer} not null, attachments ${integer} not null,
      boundary_uses ${integer} not null, created_at_ms ${integer} not null, updated_at_ms ${integer} not null,
      revision ${integer} not null, constraint managed_policies_pk primary key (arn)) ${tableEnd}`);
    await add(sql`create table policy_versions (
      policy_arn ${text} not null, version ${integer} not null, document ${text} not null,
      created_at_ms ${integer} not null, revision ${integer} not null,
      constraint policy_versions_pk primary key (policy_arn, version)) ${tableEnd}`);
    await add(sql`create table policy_attachments (
      principal_arn ${text} not null, policy_arn ${text} not null, revision ${integer} not null,
      constraint policy_attachments_pk primary key (principal_arn, policy_arn)) ${tableEnd}`);
    await add(sql`create index policy_attachments_by_policy on policy_attachments (policy_arn, principal_arn)`);
    await add(sql`create table oidc_providers (
      arn ${text} not null, account ${text} not null, url ${text} not null, client_ids ${text} not null,
      thumbprints ${text} not null, tags ${text} not null, created_at_ms ${integer} not null,
      revision ${integer} not null, constraint oidc_providers_pk primary key (arn)) ${tableEnd}`);
    await add(sql`create index oidc_providers_by_account on oidc_providers (account, arn)`);
  },
};
