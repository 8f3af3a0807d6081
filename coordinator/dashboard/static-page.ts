import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** A file of the built page. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  readonly gzipped: Buffer;
  /** Whether its name changes with its content. */
  readonly isImmutable: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

const MISSING = `<!doctype html><html lang="en"><title>rollout-fleet</title><p>The page is not built: run “make dashboard” where rollout-fleet lies, and load this again.</p></html>\n`;

/**
 * Reads the built page from `folder` into memory: what is asked for is looked up by its whole path, and nothing else can
 * be read. Where it is not built, its front says so.
 *
 * @returns files by path, `/` being the front
 */
export async function readPage(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const pages = new Map<string, PageFile>();
  for (const entry of found.filter((file) => file.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const url = path.slice(folder.length).replaceAll("\\", "/");
    const file = await fileOf(await readFile(path), entry.name, url.startsWith("/assets/"));
    if (file !== null) pages.set(url === "/index.html" ? "/" : url, file);
  }
  if (!pages.has("/")) {
    const file = await fileOf(Buffer.from(MISSING), "index.html", false);
    if (file !== null) pages.set("/", file);
  }
  return pages;
}

async function fileOf(body: Buffer, name: string, isImmutable: boolean): Promise<PageFile | null> {
  const type = TYPES[extname(name)];
  return type === undefined ? null : { type, body, gzipped: await promisify(gzip)(body), isImmutable };
}
