import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, linkOf, openShownRun, type ShownRun } from "../support/shown-run.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

describe("the dashboard's server", () => {
  let folder: TemporaryFolder;
  let shown: ShownRun;
  beforeAll(async () => {
    folder = await openTemporaryFolder();
    const page = folder.file("page");
    await mkdir(join(page, "assets"), { recursive: true });
    await writeFile(join(page, "index.html"), "<!doctype html><title>page</title>");
    await writeFile(join(page, "assets", "main-1.js"), "export {};");
    await writeFile(folder.file("secret.html"), "not part of the page");
    shown = await openShownRun([{}], { page });
  });
  afterAll(async () => {
    await shown[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it("exchanges a link once for a cookie that scripts cannot read and other sites do not send", async () => {
    const link = linkOf(shown.link());

    const first = await ask(`${shown.url}/api/session`, {}, link);
    const second = await ask(`${shown.url}/api/session`, {}, link);

    expect(first.status).toBe(200);
    const cookie = String(first.headers["set-cookie"]);
    expect(cookie).toMatch(/^fleet-shown=\S+; HttpOnly; SameSite=Strict; Path=\/; Max-Age=\d+$/);
    expect(second.status).toBe(403);
    expect(second.body).toContain("this link was used before, or is too old");
    expect(second.headers["set-cookie"]).toBeUndefined();
  });

  it.each([
    ["nothing", ""],
    ["a link of another run", "9999999999999.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
    ["more than a link is", "x".repeat(100_000)],
  ])("gives no cookie for %s", async (_, link) => {
    const { status, headers } = await ask(`${shown.url}/api/session`, {}, link);

    expect(status).toBe(403);
    expect(headers["set-cookie"]).toBeUndefined();
  });

  it("does not take a link for a cookie, nor a cookie for a link", async () => {
    const link = linkOf(shown.link());
    const signedIn = await ask(`${shown.url}/api/session`, {}, link);
    const cookie = String(signedIn.headers["set-cookie"]).split(/[=;]/)[1] ?? "";

    const asCookie = await ask(`${shown.url}/api/status`, { cookie: `fleet-shown=${linkOf(shown.link())}` });
    const asLink = await ask(`${shown.url}/api/session`, {}, cookie);

    expect([asCookie.status, asLink.status]).toEqual([401, 403]);
  });

  it.each([
    "status",
    "run",
    "fleet",
    "rollouts",
    "rollouts/1",
    "facets",
    "ledger",
    "data",
    "events",
    "runs/other",
  ])("tells nothing of /api/%s to who is not signed in", async (path) => {
    const { status, body } = await ask(`${shown.url}/api/${path}`);

    expect(status).toBe(401);
    expect(JSON.parse(body)).toEqual({ reason: expect.stringContaining("fleet status") });
  });

  it("answers only to an address, localhost, or the name it listens on", async () => {
    const statusFor = async (host: string) => (await shown.get("/api/status", { host })).status;

    expect(await statusFor("127.0.0.1:1")).toBe(200);
    expect(await statusFor("localhost:8080")).toBe(200);
    expect(await statusFor("[::1]:80")).toBe(200);
    expect(await statusFor("attacker.example")).toBe(421);
    expect(await statusFor("127.0.0.1.attacker.example:80")).toBe(421);
  });

  it("sends a strict policy with everything, and keeps answers out of caches", async () => {
    const answers = await Promise.all(
      ["/", "/assets/main-1.js", "/api/status", "/nothing"].map((path) => shown.get(path)),
    );

    for (const { headers } of answers) {
      expect(headers["content-security-policy"]).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
      );
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
    expect(answers[2]?.headers["cache-control"]).toBe("no-store");
  });

  it.each([
    "/../secret.html",
    "/assets/../../secret.html",
    "/%2e%2e/secret.html",
    "/assets/..%2f..%2fsecret.html",
  ])("serves no file for %s, which is not part of the page", async (path) => {
    const { status, body } = await shown.get(path);

    expect(status).toBe(404);
    expect(body).not.toContain("not part");
  });

  it("serves the page, compressed where that is understood", async () => {
    const plain = await shown.get("/");
    const compressed = await shown.get("/", { "accept-encoding": "gzip, br" });

    expect(plain.body).toBe("<!doctype html><title>page</title>");
    expect(compressed.headers["content-encoding"]).toBe("gzip");
  });

  it.each([
    ["rollouts?limit=1000", /^limit: /],
    ["rollouts?sort=reward%3B%20DROP%20TABLE%20entries", /^sort: /],
    ["rollouts?somethin=1", /somethin/],
    ["data?kind=often", /^kind: /],
  ])("refuses %s in one sentence", async (path, reason) => {
    const { status, body } = await shown.get(`/api/${path}`);

    expect(status).toBe(400);
    expect((JSON.parse(body) as { reason: string }).reason).toMatch(reason);
  });

  it.each(["rollouts/99", "rollouts/x", "rollouts/1/2", "runs/missing", "runs/%E0%A4%A", "constructor"])(
    "has nothing at /api/%s",
    async (path) => {
      expect((await shown.get(`/api/${path}`)).status).toBe(404);
    },
  );

  it("says what the page needs where it is not built", async () => {
    await using bare = await openShownRun([{}]);

    const { status, body } = await bare.get("/");

    expect(status).toBe(200);
    expect(body).toContain("The page is not built: run “make dashboard”");
  });
});
