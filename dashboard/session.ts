import { reasonOf } from "./ask.ts";

/**
 * Exchanges the link in the address for a cookie, and takes it out of the address and the history.
 *
 * @returns why it was refused; null where it was not, or there is none
 */
export async function signIn(): Promise<string | null> {
  const link = /^#link=(.+)$/.exec(location.hash)?.[1];
  if (link === undefined) return null;
  history.replaceState(null, "", "/#/run");
  try {
    const response = await fetch("/api/session", { method: "POST", body: link });
    if (response.ok) return null;
    // Followed twice in a browser that is signed in already: there is nothing to say.
    const isSignedIn = (await fetch("/api/status")).ok;
    return isSignedIn ? null : await reasonOf(response);
  } catch {
    return 'whoever served this page does not answer: follow the link again, or a new one of "fleet dashboard"';
  }
}
