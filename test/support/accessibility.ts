import axe from "axe-core";
import type { CDPSession } from "playwright-core";

/** What axe-core finds, run as a tool of the browser would: the page itself lets no foreign script in. */
export async function accessibilityViolations(session: CDPSession): Promise<unknown> {
  await session.send("Runtime.evaluate", { expression: axe.source });
  const { result } = await session.send("Runtime.evaluate", {
    expression:
      "axe.run().then(({ violations }) => JSON.stringify(violations.map(({ id, nodes }) => [id, nodes[0].html, nodes[0].failureSummary])))",
    awaitPromise: true,
  });
  return JSON.parse(String(result.value));
}
