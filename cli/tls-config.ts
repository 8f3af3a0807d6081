import { z } from "zod";

const file = z.string().min(1).optional();

/** How the links of a run are secured. */
export const TlsConfig = z
  .strictObject({
    mode: z
      .enum(["off", "on", "mutual"])
      .default("off")
      .describe(
        "off: plain text, for one machine. on: both links speak TLS. mutual: and every client shows a certificate. Where no files are named, a local run makes its own in its secrets folder.",
      ),
    ca: file.describe("PEM file of the authority that certificates are checked against."),
    certificate: file.describe("PEM file with the certificate of nats-server and the coordinator."),
    key: file.describe("PEM file with its key."),
    clientCertificate: file.describe("PEM file with the certificate of those who dial in; with mode mutual."),
    clientKey: file.describe("PEM file with its key."),
  })
  .superRefine(({ mode, ...files }, context) => {
    const named = Object.values(files).filter((path) => path !== undefined);
    if (named.length === 0) return;
    const refuse = (message: string) => context.addIssue({ code: "custom", message });
    if (mode === "off")
      refuse("files are named, and mode is off: set mode to on or mutual, or leave them out");
    const needed = mode === "mutual" ? MUTUAL_FILES : FILES;
    const missing = needed.filter((key) => files[key] === undefined);
    if (mode !== "off" && missing.length > 0) {
      refuse(`${missing.join(", ")} missing: name every file that mode ${mode} needs, or none`);
    }
  });

/** Validated {@link TlsConfig}. */
export type TlsConfig = z.output<typeof TlsConfig>;

const FILES = ["ca", "certificate", "key"] as const;
const MUTUAL_FILES = [...FILES, "clientCertificate", "clientKey"] as const;
