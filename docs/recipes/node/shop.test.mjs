// A Node test that knows the HTTP API only: no package, no SDK. Run it with: inkstand exec -- node --test
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

const sandbox = process.env.INKSTAND_URL ?? "http://127.0.0.1:4650";
const name = `node-${process.pid}`;
let workspace;

async function ask(method, path, body) {
  const answer = await fetch(`${sandbox}/_sandbox/v1${path}`, {
    method,
    headers: { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  const told = text ? JSON.parse(text) : undefined;
  assert.ok(answer.ok, told?.detail);
  return told;
}

function track(call) {
  const key = Buffer.from(`${workspace.sources[0].writeKey}:`).toString("base64");
  return fetch(`${sandbox}/v1/track`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Basic ${key}` },
    body: JSON.stringify(call),
  });
}

before(async () => {
  workspace = await ask("POST", "/workspaces", { name });
});
after(() => ask("DELETE", `/workspaces/${name}`));

test("a product view can be used in Signals", async () => {
  await track({ userId: "u-1", event: "Product Viewed", properties: { sku: "S-1", url: "https://shop.test/s-1" } });

  const waited = await ask("POST", `/workspaces/${name}/wait`, {
    view: "movable_ink.events",
    where: { event: "product", signal: "usable" },
  });

  assert.ok(waited.met, JSON.stringify(waited.nearest));
  assert.deepEqual(waited.rows[0].owner, { user_id: "u-1" });
});

test("what is wrong is explained", async () => {
  await track({ userId: "u-1", event: "Product Added", properties: { sku: "S-1" } });
  await ask("POST", `/workspaces/${name}/settle`);

  const told = await ask("GET", `/workspaces/${name}/explain?event=Product%20Added`);

  assert.equal(told.cause.say, "properties.url is missing.");
});
