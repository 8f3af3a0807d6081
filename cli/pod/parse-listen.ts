import { isIPv6 } from "node:net";
import { ConfigError } from "../../core/index.ts";

/** Where to listen. @throws {ConfigError} naming the option */
export function parseListen(
  option: string,
  address: string,
): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at).replace(/^\[|\]$/g, "");
  const port = Number(address.slice(at + 1));
  if (port > 65_535 || (address.startsWith("[") && !isIPv6(host)))
    throw new ConfigError(`${option} ${address} is not host:port, such as 0.0.0.0:7000`);
  return { host, port };
}
