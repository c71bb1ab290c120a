import assert from "node:assert/strict";
import { test, afterEach } from "node:test";
import { ConfluenceClient } from "confluence.js";
import { confluenceURL, fail, heal } from "./fake.js";

const open = (apiToken) => new ConfluenceClient({
  host: confluenceURL, apiPrefix: "/wiki/rest", authentication: { basic: { email: "ada@example.com", apiToken } },
});
const confluence = open("ATATT-fake-classic");

afterEach(() => heal(confluenceURL));

// The client throws the body of the answer.
const failsWith = (status) => (body) => {
  if (status === 503) assert.match(body, /^<!DOCTYPE html>/);
  else assert.equal(body.statusCode ?? body.code, status, JSON.stringify(body));
  return true;
};

// Pages are read as their links say: on a cloud start is ignored.
async function search(cql) {
  const found = [];
  let cursor;
  do {
    const page = await confluence.content.searchContentByCQL({ cql, limit: 3, cursor, expand: ["version", "space", "body.storage"] });
    found.push(...page.results);
    cursor = page._links.next && new URL(page._links.base + page._links.next).searchParams.get("cursor");
  } while (cursor);
  return found;
}

test("the token is somebody's", async () => {
  const user = await confluence.users.getCurrentUser();
  assert.equal(user.type, "known");
  assert.ok(user.accountId);
});

test("CQL finds what changed, in pages, each page once", async () => {
  const found = await search('type = page AND lastmodified >= "2020-01-01 00:00" ORDER BY lastmodified ASC');
  assert.ok(found.length > 10);
  assert.equal(new Set(found.map((p) => p.id)).size, found.length);
  for (const p of found) {
    assert.ok(p.space.key && p.version.number > 0);
    assert.equal(p.body.storage.representation, "storage");
  }
  assert.equal((await search('type = page AND lastmodified >= "2100-01-01 00:00"')).length, 0);
  assert.ok((await search('type = page AND space = "CREW"')).every((p) => p.space.key === "CREW"));
});

test("a page is made, changed under its version, and put away", async () => {
  const title = "Made by a client " + process.pid + "-" + process.hrtime.bigint();
  const body = (value) => ({ storage: { value, representation: "storage" } });
  const made = await confluence.content.createContent({ type: "page", title, space: { key: "OPS" }, body: body("<p>one</p>") });
  assert.equal(made.version.number, 1);
  const update = (number) => confluence.content.updateContent({ id: made.id, type: "page", title, version: { number }, body: body("<p>two</p>") });
  assert.equal((await update(2)).version.number, 2);
  await assert.rejects(update(2), failsWith(409));
  await assert.rejects(
    confluence.content.createContent({ type: "page", title, space: { key: "OPS" }, body: body("<p/>") }), failsWith(400));
  const read = await confluence.content.getContentById({ id: made.id, expand: ["body.storage", "version"] });
  assert.equal(read.body.storage.value, "<p>two</p>");
  await confluence.content.deleteContent({ id: made.id });
  await assert.rejects(confluence.content.getContentById({ id: made.id }), failsWith(404));
});

test("errors are those of the API", async () => {
  await assert.rejects(open("wrong").users.getCurrentUser(), failsWith(401));
  await assert.rejects(confluence.content.getContentById({ id: "1" }), failsWith(404));
  for (const [fault, status] of [["busy", 429], ["failed", 500], ["unavailable", 503], ["forbidden", 403]]) {
    await fail(confluenceURL, { on: "GET /wiki/rest/api/user/current", fault });
    await assert.rejects(confluence.users.getCurrentUser(), failsWith(status));
  }
});
