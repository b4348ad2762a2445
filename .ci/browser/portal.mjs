// The portal and its console in headless Chromium, as a partner uses them. Screenshots are left in $SCREENSHOTS.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const { SERVER, CHROMIUM, SCREENSHOTS, CLIENT_ID, CLIENT_SECRET, USERNAME, PASSWORD } = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const sandbox = process.getuid() === 0 ? ["--no-sandbox"] : [];
const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...quiet, ...sandbox] });
const desktop = { width: 1440, height: 900 };
const phone = { width: 360, height: 740 };
const complaints = [];

// A page that complains of each request to another server, each error on the console and each breach of the policy.
async function open(path, options = {}) {
  const context = await browser.newContext({ viewport: desktop, baseURL: SERVER, reducedMotion: "reduce", ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: SERVER });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== SERVER && protocol !== "data:") complaints.push(`${path}: asks ${request.url()}`);
  });
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) complaints.push(`${path}: ${message.text()}`); });
  page.on("pageerror", (error) => complaints.push(`${path}: ${error}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  const sizes = [];
  page.on("requestfinished", (request) => sizes.push(request.sizes().catch((error) => error)));
  await page.goto(path, { waitUntil: "networkidle" });
  if (path === "/docs/console") await page.locator(".opblock").first().waitFor();
  page.transferred = async () => (await Promise.all(sizes)).reduce((sum, size) => sum + size.responseBodySize + size.responseHeadersSize, 0);
  return page;
}

const shot = (page, name, options = {}) => page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, ...options });

// What stands in each group of samples: the language that is seen, and those to choose from.
const samples = (page) => page.locator(".group").evaluateAll((groups) => groups.map((group) => {
  const seen = [...group.querySelectorAll("[role=tabpanel]")].filter((panel) => panel.checkVisibility());
  const chosen = [...group.querySelectorAll("[role=tab][aria-selected=true]")];
  return {
    seen: seen.map(({ dataset }) => dataset.lang).join(),
    chosen: chosen.map(({ dataset }) => dataset.lang).join(),
    tabs: [...group.querySelectorAll("[role=tab]")].map(({ dataset }) => dataset.lang),
  };
}));

// The language is seen wherever there is a sample in it, and that is nearly everywhere.
async function shown(page, language) {
  const all = await samples(page);
  const those = all.filter(({ tabs }) => tabs.includes(language));
  assert.ok(those.length > 15, `${those.length} of ${all.length} samples are in ${language}`);
  for (const { seen, chosen } of those) assert.deepEqual({ seen, chosen }, { seen: language, chosen: language });
}

async function accessible(page, what) {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document));
  assert.ok(passes.length > 10, `${what}: axe looked at nothing`);
  for (const { id, impact, nodes } of violations.filter(({ impact }) => ["serious", "critical"].includes(impact))) {
    complaints.push(`${what}: ${impact} ${id}: ${nodes.slice(0, 5).map(({ target }) => target.join(" ")).join(" | ")}`);
  }
}

// Nothing is wider than the view, and the page cannot be moved aside.
async function fits(page, what) {
  const { width, view, moved } = await page.evaluate(() => {
    scrollTo(10_000, scrollY);
    const sizes = { width: document.documentElement.scrollWidth, view: innerWidth, moved: scrollX };
    scrollTo(0, scrollY);
    return sizes;
  });
  if (width > view || moved !== 0) complaints.push(`${what}: ${width} px wide in ${view}`);
}

async function logIn(page) {
  await page.getByRole("button", { name: "Authorize", exact: true }).first().click();
  await page.locator("#oauth_username").fill(USERNAME);
  await page.locator("#oauth_password").fill(PASSWORD);
  await page.locator("#client_id_password").fill(CLIENT_ID);
  await page.locator("#client_secret_password").fill(CLIENT_SECRET);
  const login = page.locator(".auth-container", { has: page.locator("#oauth_username, #password_type") }).first();
  const [reply] = await Promise.all([
    page.waitForResponse((response) => response.url() === `${SERVER}/api/oauth/token`),
    login.getByRole("button", { name: "Authorize" }).click(),
  ]);
  assert.equal(reply.status(), 200);
  await page.getByRole("button", { name: "Logout" }).first().waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".modal-ux").waitFor({ state: "detached" });
  return (await reply.json()).access_token;
}

// Opens the operation and sends what the console filled in.
async function execute(page, name) {
  const operation = page.locator(`#operations-${name}`);
  if (!(await operation.getByRole("button", { name: "Execute" }).isVisible())) await operation.locator(".opblock-summary-control").click();
  const path = (await operation.locator("[data-path]").first().getAttribute("data-path")).split("{")[0];
  const [reply] = await Promise.all([
    page.waitForResponse((response) => new URL(response.url()).pathname.startsWith(path)),
    operation.getByRole("button", { name: "Execute" }).click(),
  ]);
  await operation.locator(".live-responses-table").waitFor();
  return reply;
}

const cases = {
  async "the page is under 150 KB"() {
    const page = await open("/docs");
    const size = await page.transferred();
    console.log(`/docs: ${size} bytes`);
    assert.ok(size > 10_000 && size < 150_000, `${size} bytes`);
  },
  async "search by the keyboard finds a word and leads to it"() {
    const page = await open("/docs");
    await page.keyboard.press("/");
    await page.waitForFunction(() => document.activeElement.id === "search");
    await page.keyboard.type("suspend");
    await page.waitForFunction(() => document.getElementById("found").textContent !== "");
    const found = await page.locator("nav li:visible").allTextContents();
    const all = await page.locator("nav li").count();
    assert.ok(found.some((text) => /suspend/i.test(text)) && found.length < all, found.join());
    assert.match(await page.locator("#found").textContent(), new RegExp(`^${found.length} sections?$`));
    await shot(page, "search");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => location.hash !== "");
    const heading = page.locator(`[id="${decodeURIComponent(new URL(page.url()).hash.slice(1))}"]`);
    assert.ok((await heading.boundingBox()).y < desktop.height / 2, page.url());
    await page.keyboard.press("/");
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("nav li:visible").count(), all);
    await page.locator("#search").fill("xyzzy");
    assert.equal(await page.locator("nav li:visible").count(), 0);
    assert.equal(await page.locator("#found").textContent(), "Nothing found");
  },
  async "PHP is shown everywhere and stays after a reload"() {
    const page = await open("/docs");
    await shown(page, "shell");
    await page.getByRole("tab", { name: "PHP" }).first().click();
    await shown(page, "php");
    await shot(page, "php");
    await page.reload();
    await shown(page, "php");
  },
  async "tabs follow the arrow keys"() {
    const page = await open("/docs");
    await page.getByRole("tab", { name: "Shell" }).first().focus();
    await page.keyboard.press("ArrowLeft");
    await shown(page, "javascript");
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    await shown(page, "php");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "PHP");
  },
  async "the first key leads past the navigation"() {
    for (const [path, place] of [["/docs", "content"], ["/docs/console", "console"]]) {
      const page = await open(path);
      await page.keyboard.press("Tab");
      const link = page.locator(":focus");
      assert.match(await link.textContent(), /^Skip to /);
      assert.ok((await link.boundingBox()).x >= 0, `${path}: it is not seen`);
      await page.keyboard.press("Enter");
      await page.waitForFunction((id) => document.activeElement.id === id, place);
    }
  },
  async "a copy button copies what is shown"() {
    const page = await open("/docs");
    await page.getByRole("tab", { name: "Python" }).first().click();
    const code = page.locator(".group").first();
    await code.locator(".copy").click();
    await code.getByText("Copied").waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(copied.includes("import"), copied);
    assert.equal(copied, await code.locator("[role=tabpanel][data-lang=python] code").textContent());
  },
  async "a deep link leads to its heading"() {
    const page = await open("/docs#get-a-token");
    const { y } = await page.locator("#get-a-token").boundingBox();
    assert.ok(y >= 0 && y < desktop.height / 2, `${y}`);
  },
  async "a pasted token is in the samples, in no request, and of this tab alone"() {
    const page = await open("/docs");
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.locator("[data-field=token]").fill("pasted.token");
    const shown = await page.locator("var[data-value=token]").evaluateAll((all) => all.map(({ textContent }) => textContent));
    assert.ok(shown.length > 20 && shown.every((text) => text.includes("pasted.token")), shown.slice(0, 3).join());
    await shot(page, "values");
    await page.getByRole("tab", { name: "PHP" }).first().click();
    await page.waitForLoadState("networkidle");
    // The browser asks for the icon when it likes to.
    assert.deepEqual(asked.filter((url) => !/\/docs\/assets\/icon\.[0-9a-f]+\.svg$/.test(url)), []);
    assert.ok(!(await page.evaluate(() => JSON.stringify(localStorage) + document.cookie)).includes("pasted"));
    await page.getByRole("button", { name: "Clear" }).click();
    await page.waitForFunction(() => !document.body.textContent.includes("pasted.token"));
  },
  async "light, dark, phone and print"() {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open("/docs", { colorScheme });
      await shot(page, colorScheme);
      await accessible(page, `/docs ${colorScheme}`);
      await page.locator("#create-a-client").scrollIntoViewIfNeeded();
      await page.evaluate(() => { location.hash = "#create-a-client"; });
      await shot(page, `${colorScheme}-create`);
    }
    const small = await open("/docs", { viewport: phone });
    await fits(small, "/docs at 360 px");
    await shot(small, "phone");
    await small.evaluate(() => { location.hash = "#create-a-client"; });
    await shot(small, "phone-create");
    await accessible(small, "/docs at 360 px");
    await small.locator("#menu").click();
    assert.ok(await small.locator("#side").isVisible());
    await fits(small, "/docs at 360 px, menu");
    await shot(small, "phone-menu");
    const printed = await open("/docs");
    await printed.emulateMedia({ media: "print" });
    assert.ok(!(await printed.locator("#side").isVisible()));
    await fits(printed, "/docs in print");
    await printed.pdf({ path: `${SCREENSHOTS}/print.pdf`, format: "A4" });
  },
  async "the console logs in and creates a client"() {
    const page = await open("/docs/console");
    const token = await logIn(page);
    const reply = await execute(page, "clients-createClient");
    assert.equal(reply.status(), 201, await reply.text());
    const { client } = await reply.json();
    await page.locator("#operations-clients-createClient").evaluate((operation) => operation.scrollIntoView());
    await shot(page, "console-created");
    await accessible(page, "/docs/console, created");
    const authorization = `Bearer ${token}`;
    assert.equal(await reply.request().headerValue("authorization"), authorization);
    const read = await fetch(`${SERVER}/api/residential/client/${client.id}`, { headers: { authorization } });
    assert.equal(read.status, 200);
    assert.equal((await read.json()).client.ns_domain, client.ns_domain);
    const list = await execute(page, "clients-listClients");
    assert.equal(list.status(), 200);
    assert.ok((await list.json()).clients.some(({ id }) => id === client.id), "the list's filters are not empty");
  },
  async "the console takes over what was pasted into the samples, and forgets what it is told"() {
    const page = await open("/docs");
    await page.locator("[data-field=client_id]").fill(CLIENT_ID);
    await page.locator("[data-field=token]").fill("pasted.token");
    await page.getByRole("link", { name: "Try it in the console" }).click();
    await page.locator(".opblock").first().waitFor();
    await page.getByRole("button", { name: "Authorize", exact: true }).first().click();
    assert.equal(await page.locator("#client_id_password").inputValue(), CLIENT_ID);
    await page.getByRole("button", { name: "Logout" }).first().waitFor();
    const other = await open("/docs/console");
    await logIn(other);
    const kept = await other.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie);
    assert.equal(kept, "{}");
  },
  async "the console in light, dark and on a phone"() {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open("/docs/console", { colorScheme });
      await shot(page, `console-${colorScheme}`);
      await accessible(page, `/docs/console ${colorScheme}`);
      await page.getByRole("button", { name: "Authorize", exact: true }).first().click();
      await shot(page, `console-${colorScheme}-login`);
      await accessible(page, `/docs/console ${colorScheme}, login`);
      await page.keyboard.press("Escape");
      await page.locator("#operations-clients-createClient .opblock-summary-control").click();
      await page.locator(".body-param__text").waitFor();
      await accessible(page, `/docs/console ${colorScheme}, an operation`);
    }
    const small = await open("/docs/console", { viewport: phone });
    await fits(small, "/docs/console at 360 px");
    await shot(small, "console-phone");
    await small.locator("#operations-clients-createClient .opblock-summary-control").click();
    await small.locator(".body-param__text").waitFor();
    await fits(small, "/docs/console at 360 px, an operation");
    await shot(small, "console-phone-create");
  },
};

let failed = 0;
for (const [name, run] of Object.entries(cases)) {
  try {
    await run();
  } catch (error) {
    failed += 1;
    console.error(`${name}: ${error.stack}`);
  }
  for (const complaint of complaints.splice(0)) {
    failed += 1;
    console.error(`${name}: ${complaint}`);
  }
  await Promise.all(browser.contexts().map((context) => context.close()));
}
await browser.close();
process.exitCode = failed === 0 ? 0 : 1;
