import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { commandsFor } from "../../../cli/commands/index.ts";
import { parseAddress, parseNatsUrl } from "../../../cli/parse.ts";

async function namesFor(asked: string | undefined): Promise<string[]> {
  const program = new Command();
  for (const add of await commandsFor(asked)) add(program);
  return program.commands.map((command) => command.name());
}

describe("the commands of fleet", () => {
  it("are all there for who asks for none of them, and each is loaded by its own name", async () => {
    const all = await namesFor(undefined);

    expect(all).toContain("train");
    expect(await namesFor("trian")).toEqual(all);
    for (const name of all) {
      const loaded = await namesFor(name);
      expect(loaded).toContain(name);
      expect(loaded.length).toBeLessThan(all.length);
    }
  });
});

describe("an address to dial", () => {
  it.each(["10.0.0.1:4222", "coordinator.fleet:7000", "[::1]:7000"])("may be %s", (text) => {
    expect(parseAddress(text)).toBe(text);
  });

  it.each(["coordinator", "http://host:80", "host:", ":80", "a b:1"])("may not be %s", (text) => {
    expect(() => parseAddress(text)).toThrow(`"${text}" is not host:port`);
  });

  it.each(["nats://127.0.0.1:4222", "tls://a:1,tls://b:2"])("of nats-server may be %s", (text) => {
    expect(parseNatsUrl(text)).toBe(text);
  });

  it.each(["127.0.0.1:4222", "http://a:1", "nats://a:1,b:2"])("of nats-server may not be %s", (text) => {
    expect(() => parseNatsUrl(text)).toThrow(`"${text}" is not a URL such as nats://host:4222`);
  });
});
