import { describe, expect, it } from "vitest";
import { createDashboardLink, openSessions } from "../../../../coordinator/dashboard/sessions.ts";
import { linkOf } from "../../../support/shown-run.ts";
import { openTemporaryFolder } from "../../../support/temporary-folder.ts";

const DAY_MS = 24 * 3_600_000;

describe("a link to a dashboard", () => {
  it("is good for a day", async () => {
    const sessions = await openSessions("r", "secret", null);
    const made = (agoMs: number) => linkOf(createDashboardLink("http://h", "secret", Date.now() - agoMs));

    expect(await sessions.exchange(made(DAY_MS - 60_000))).not.toBeNull();
    expect(await sessions.exchange(made(DAY_MS + 1))).toBeNull();
  });

  it("that was followed is not good again after a restart", async () => {
    await using folder = await openTemporaryFolder();
    const link = linkOf(createDashboardLink("http://h", "secret"));
    const before = await openSessions("r", "secret", folder.file("used"));
    await before.exchange(link);

    const after = await openSessions("r", "secret", folder.file("used"));

    expect(await after.exchange(link)).toBeNull();
  });

  it("is good for its own run alone, and not with a later end put in", async () => {
    const link = linkOf(createDashboardLink("http://h", "secret"));
    const [until = "", nonce, proof] = link.split(".");
    const sessions = await openSessions("r", "secret", null);

    expect(await (await openSessions("r", "other secret", null)).exchange(link)).toBeNull();
    expect(await sessions.exchange(`${Number(until) + DAY_MS}.${nonce}.${proof}`)).toBeNull();
    expect(await sessions.exchange(`${link}.x`)).toBeNull();
  });

  it("gives a cookie that is known after a restart, among others, and not in another run's name", async () => {
    const sessions = await openSessions("r", "secret", null);
    const value = await sessions.exchange(linkOf(createDashboardLink("http://h", "secret")));

    const after = await openSessions("r", "secret", null);

    expect(after.isSignedIn(`theme=dark; fleet-r=${value}; x=1`)).toBe(true);
    expect(after.isSignedIn(`fleet-other=${value}`)).toBe(false);
    expect(after.isSignedIn(`fleet-r=${value}x`)).toBe(false);
    expect(after.isSignedIn(undefined)).toBe(false);
  });
});
