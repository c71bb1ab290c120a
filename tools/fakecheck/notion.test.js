import assert from "node:assert/strict";
import { test, afterEach } from "node:test";
import {
  APIErrorCode, Client, collectPaginatedAPI, isFullBlock, isFullPage, isNotionClientError, LogLevel,
} from "@notionhq/client";
import { fail, heal, notionURL } from "./fake.js";

const token = "ntn_fakeNotionToken";
const open = (more) => new Client({ auth: token, baseUrl: notionURL, notionVersion: "2025-09-03", logLevel: LogLevel.ERROR, ...more });
const notion = open();
const unpatient = open({ retry: false });

afterEach(() => heal(notionURL));

const failsWith = (code, status) => (error) => {
  assert.ok(isNotionClientError(error), `not an error of the client: ${error}`);
  assert.equal(error.code, code);
  assert.equal(error.status, status);
  return true;
};

const text = (s) => [{ type: "text", text: { content: s } }];
const paragraph = (s) => ({ object: "block", type: "paragraph", paragraph: { rich_text: text(s) } });

async function allPages() {
  const list = await collectPaginatedAPI(notion.search, { filter: { property: "object", value: "page" }, page_size: 3 });
  return list.filter(isFullPage);
}

async function anyPage() {
  return (await allPages()).find((p) => p.parent.type === "workspace");
}

async function walk(id) {
  const blocks = await collectPaginatedAPI(notion.blocks.children.list, { block_id: id, page_size: 7 });
  let n = blocks.length;
  for (const b of blocks) {
    assert.ok(isFullBlock(b), "a block without its fields");
    assert.ok(b.type in b, `a ${b.type} without its value`);
    if (b.has_children && b.type !== "child_page") n += await walk(b.id);
  }
  return n;
}

test("the token is somebody's", async () => {
  const me = await notion.users.me({});
  assert.equal(me.type, "bot");
  assert.ok(me.bot.workspace_name);
});

test("search is read in pages, each page once", async () => {
  const pages = await allPages();
  assert.ok(pages.length > 5);
  assert.equal(new Set(pages.map((p) => p.id)).size, pages.length);
  for (const p of pages) assert.match(p.last_edited_time, /:00\.000Z$/, "the minute is the finest");
});

test("every page is walked to its leaves", async () => {
  let blocks = 0;
  for (const p of await allPages()) blocks += await walk(p.id);
  assert.ok(blocks > 150, `${blocks} blocks`);
});

test("data sources are found, retrieved and queried", async () => {
  const found = await collectPaginatedAPI(notion.search, { filter: { property: "object", value: "data_source" } });
  assert.ok(found.length >= 2);
  for (const s of found) {
    const source = await notion.dataSources.retrieve({ data_source_id: s.id });
    const database = await notion.databases.retrieve({ database_id: source.parent.database_id });
    assert.ok(database.data_sources.some((x) => x.id === s.id));
    const rows = await collectPaginatedAPI(notion.dataSources.query, {
      data_source_id: s.id, page_size: 2,
      filter: { timestamp: "last_edited_time", last_edited_time: { on_or_after: "2020-01-01T00:00:00.000Z" } },
      sorts: [{ timestamp: "last_edited_time", direction: "ascending" }],
    });
    assert.ok(rows.length >= 5);
    for (const r of rows) assert.equal(r.parent.data_source_id, s.id);
  }
});

test("a page is made, extended, emptied and put away", async () => {
  const parent = await anyPage();
  const page = await notion.pages.create({
    parent: { page_id: parent.id }, properties: { title: { title: text("Made by a client") } }, children: [paragraph("one")],
  });
  const added = await notion.blocks.children.append({ block_id: page.id, children: [paragraph("three"), paragraph("four")] });
  assert.equal(added.results.length, 2);
  const [first] = (await notion.blocks.children.list({ block_id: page.id })).results;
  await notion.blocks.children.append({
    block_id: page.id, children: [paragraph("two")], position: { type: "after_block", after_block: { id: first.id } },
  });
  const read = (await notion.blocks.children.list({ block_id: page.id })).results;
  assert.deepEqual(read.map((b) => b.paragraph.rich_text[0].plain_text), ["one", "two", "three", "four"]);
  await notion.blocks.update({ block_id: first.id, paragraph: { rich_text: text("ONE") } });
  assert.equal((await notion.blocks.retrieve({ block_id: first.id })).paragraph.rich_text[0].plain_text, "ONE");
  await notion.blocks.delete({ block_id: first.id });
  assert.equal((await notion.blocks.children.list({ block_id: page.id })).results.length, 3);
  await notion.pages.update({ page_id: page.id, erase_content: true });
  assert.equal((await notion.blocks.children.list({ block_id: page.id })).results.length, 0);
  await notion.pages.update({ page_id: page.id, in_trash: true });
  assert.equal((await notion.pages.retrieve({ page_id: page.id })).in_trash, true);
});

test("Notion's limits hold", async () => {
  const parent = await anyPage();
  const append = (children) => unpatient.blocks.children.append({ block_id: parent.id, children });
  const refused = (pattern) => (error) => failsWith(APIErrorCode.ValidationError, 400)(error) && assert.match(error.message, pattern) === undefined;
  await assert.rejects(append(Array.from({ length: 101 }, () => paragraph("x"))), refused(/children\.length should be ≤ `100`/));
  await assert.rejects(append([paragraph("x".repeat(2001))]), refused(/content\.length should be ≤ `2000`, instead was `2001`/));
  const item = (s, children) => ({ type: "bulleted_list_item", bulleted_list_item: { rich_text: text(s), children } });
  await assert.rejects(append([item("1", [item("2", [item("3", [item("4")])])])]), refused(/children should be not present/));
  await assert.rejects(
    append([{ type: "paragraph", paragraph: { rich_text: [{ text: { content: "x", link: { url: "not a link" } } }] } }]), refused(/Invalid URL for link/));
});

test("errors are those of the API", async () => {
  await assert.rejects(open({ auth: "ntn_wrong", retry: false }).users.me({}), failsWith(APIErrorCode.Unauthorized, 401));
  await assert.rejects(unpatient.pages.retrieve({ page_id: "00000000-0000-4000-8000-00000000dead" }), failsWith(APIErrorCode.ObjectNotFound, 404));
  for (const [fault, code, status] of [
    ["busy", APIErrorCode.RateLimited, 429], ["failed", APIErrorCode.InternalServerError, 500],
    ["unavailable", APIErrorCode.ServiceUnavailable, 503], ["forbidden", APIErrorCode.RestrictedResource, 403],
    ["conflict", APIErrorCode.ConflictError, 409],
  ]) {
    await fail(notionURL, { on: "GET /v1/users/me", fault });
    await assert.rejects(unpatient.users.me({}), failsWith(code, status));
  }
});

test("Retry-After is honoured by the client", async () => {
  await fail(notionURL, { on: "GET /v1/users/me", fault: "busy", retry_after: 1 });
  assert.equal((await notion.users.me({})).type, "bot");
});

test("OAuth2: a code, a refresh that rotates, a revocation", async () => {
  const redirect = "http://127.0.0.1/back";
  const client = { client_id: "client-id", client_secret: "client-secret" };
  const agreed = await fetch(
    `${notionURL}/v1/oauth/authorize?client_id=client-id&response_type=code&owner=user&state=s&redirect_uri=${encodeURIComponent(redirect)}`,
    { redirect: "manual" });
  const code = new URL(agreed.headers.get("location")).searchParams.get("code");
  const got = await notion.oauth.token({ ...client, grant_type: "authorization_code", code, redirect_uri: redirect });
  assert.equal((await open({ auth: got.access_token }).users.me({})).type, "bot");
  const next = await notion.oauth.token({ ...client, grant_type: "refresh_token", refresh_token: got.refresh_token });
  assert.notEqual(next.refresh_token, got.refresh_token);
  await assert.rejects(unpatient.oauth.token({ ...client, grant_type: "refresh_token", refresh_token: got.refresh_token }));
  assert.equal((await notion.oauth.introspect({ ...client, token: next.access_token })).active, true);
  await notion.oauth.revoke({ ...client, token: next.access_token });
  await assert.rejects(open({ auth: next.access_token, retry: false }).users.me({}), failsWith(APIErrorCode.Unauthorized, 401));
});
