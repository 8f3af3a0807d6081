/**
 * Files from elsewhere, of which the digest is known before.
 *
 * @module
 */
export { fetchVerified } from "./fetch-verified.ts";
