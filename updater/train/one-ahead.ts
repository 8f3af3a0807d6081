/**
 * Yields what `source` yields, always asking for one more while the last is being worked on. Leaving the loop early
 * leaves that question open: whoever opened the source ends it.
 */
export async function* oneAhead<T>(source: AsyncIterable<T>): AsyncGenerator<T, void> {
  const iterator = source[Symbol.asyncIterator]();
  let next = iterator.next();
  while (true) {
    const { done, value } = await next;
    if (done) return;
    next = iterator.next();
    next.catch(() => {}); // Raised when it is awaited; until then it is nobody's.
    yield value;
  }
}
