import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { adopt, cleanEnvironment, hangMs, runProgram, temporaryFolder } from "./run-program.ts";
import { RunningProgram } from "./running-program.ts";
import { cofferPath } from "./server-under-test.ts";

const root = join(import.meta.dirname, "../../..");
const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);
const skip = chromium === undefined ? { skip: "no Chromium is installed." } : {};

/** The demo, on a port of the system's choice. */
class Demo {
  readonly #program: RunningProgram;
  readonly url: string;

  private constructor(program: RunningProgram, url: string) {
    this.#program = program;
    this.url = url;
  }

  static async start(...args: string[]): Promise<Demo> {
    const all = [join(root, "examples/messaging/demo.ts"), "--port", "0", ...args];
    const child = spawn(join(root, "bin/node"), all, { env: cleanEnvironment(), stdio: ["ignore", "pipe", "pipe"] });
    const program = new RunningProgram(adopt(child));
    return new Demo(program, (await program.line(/^demo on /)).slice("demo on ".length));
  }

  /** All that the relay was sent. */
  async seen(): Promise<string> {
    return (await fetch(`${this.url}/what-the-relay-sees`)).text();
  }

  async stop(): Promise<void> {
    this.#program.signal("SIGTERM");
    await this.#program.ended;
  }
}

/** One tab. A tab in the background draws nothing, so each is brought to the front before it is looked at. */
class Tab {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  static async open(browser: Browser, demo: Demo, user: string): Promise<Tab> {
    const page = await browser.newPage();
    page.setDefaultTimeout(hangMs);
    await page.goto(`${demo.url}/#${user}`);
    const tab = new Tab(page);
    await tab.until("#status", /^(ready|not started)$/);
    return tab;
  }

  /** Waits until an element's text is as wanted. @returns the text */
  async until(selector: string, wanted: RegExp): Promise<string> {
    await this.page.bringToFront();
    const { source } = wanted;
    const isThere = (at: string, pattern: string) => {
      // biome-ignore lint/suspicious/noExplicitAny: this runs in the page, whose types are not here.
      const text = (globalThis as any).document.querySelector(at).textContent as string;
      return new RegExp(pattern).test(text) && text;
    };
    return (await (await this.page.waitForFunction(isThere, {}, selector, source)).jsonValue()) as string;
  }

  async say(text: string, to?: string): Promise<void> {
    await this.page.bringToFront();
    if (to !== undefined) await this.fill("#peer", to);
    await this.fill("#text", text);
    await this.page.click("button[type=submit]");
  }

  async fill(selector: string, text: string): Promise<void> {
    await this.page.click(selector, { count: 3 });
    await this.page.type(selector, text);
  }
}

describe("make demo-e2e", skip, () => {
  const folder = temporaryFolder("demo");
  let browser: Browser;
  let demo: Demo;

  before(async () => {
    browser = await puppeteer.launch({ executablePath: chromium!, args: ["--no-sandbox"], env: cleanEnvironment() });
    demo = await Demo.start();
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  const chat = (input: string, ...args: string[]) =>
    runProgram(cofferPath, ["chat", `--relay=${demo.url}`, "--as=carol", "--with=alice", ...args], {
      input,
      environment: { HOME: folder },
    });

  it("two tabs chat, send a file and see one safety number; a terminal joins; the relay sees none of it", async () => {
    const [alice, bob] = [await Tab.open(browser, demo, "alice"), await Tab.open(browser, demo, "bob")];
    await alice.say("a planted greeting");
    await bob.until("#messages", /alice: a planted greeting/);
    await bob.say("a planted answer");
    await alice.until("#messages", /bob: a planted answer/);

    const file = join(folder, "plan.txt");
    writeFileSync(file, "a planted plan");
    await alice.page.bringToFront();
    const [chooser] = await Promise.all([alice.page.waitForFileChooser(), alice.page.click("#file")]);
    await chooser.accept([file]);
    await alice.say("see the file");
    await bob.until("#messages", /alice sent 14 bytes: plan\.txt/);

    await alice.page.bringToFront();
    await alice.page.click("#safety");
    const number = await alice.until("#safety-number", /^\d{5}( \d{5}){11}$/);
    await bob.page.bringToFront();
    await bob.page.click("#safety");
    assert.equal(await bob.until("#safety-number", /^\d{5}( \d{5}){11}$/), number);

    // Bob's tab is closed, and opened again: the same device, which reads what came meanwhile.
    await bob.page.close();
    await alice.say("a planted note for later", "bob");
    await alice.until("#messages", /a planted note for later/);
    const later = await Tab.open(browser, demo, "bob");
    await later.until("#messages", /alice: a planted note for later/);

    // Carol is known, and away.
    assert.equal((await chat("")).status, 0);
    await alice.say("a planted call", "carol");
    await alice.until("#messages", /alice: a planted call/);
    const joined = await chat("a planted reply\n");
    assert.deepEqual([joined.status, joined.stderr], [0, ""]);
    assert.match(joined.stdout, /alice: a planted call/);
    await alice.until("#messages", /carol: a planted reply/);

    const seen = await demo.seen();
    assert.match(seen, /\/v1\/users\/bob\/messages|\/v1\/blobs\//);
    assert.ok(!seen.includes("planted"), "the relay sees what is said");
    await later.until("#requests", /\/v1\/users\//);
  });

  for (const [evil, refusal] of [
    ["inject-device", /DeviceListRefused/],
    ["swap-keys", /BundleRefused|RelayDishonest/],
  ] as const) {
    it(`an evil relay (${evil}) is refused, and nothing is sent`, async () => {
      const evilDemo = await Demo.start("--evil-relay", evil);
      try {
        const bob = await Tab.open(browser, evilDemo, "bob");
        const alice = await Tab.open(browser, evilDemo, "alice");
        await alice.say("for Bob alone");
        await alice.until("#messages", refusal);
        assert.ok(!(await evilDemo.seen()).includes("/v1/users/bob/messages"));
        await bob.page.close();
      } finally {
        await evilDemo.stop();
      }
    });
  }
});
