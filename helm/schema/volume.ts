import { z } from "zod";
import { NO_LATEST, SizeLimit } from "./shared.ts";

/** Where files come from that a run needs before it starts. */
export const Volume = z.strictObject({
  source: z.enum(["image", "pvc", "url", "imageVolume"]),
  mountPath: z.string().regex(/^\/.+/),
  claimName: z.string(),
  files: z.array(
    z.strictObject({
      url: z.string().regex(/^https?:\/\//),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/),
    }),
  ),
  sizeLimit: SizeLimit,
  reference: z.string().meta({ not: NO_LATEST }),
});
