/** All that `source` gives until it ends, each item also told to `onEach` as it comes. */
export async function collected<T>(
  source: AsyncIterable<T>,
  onEach: (item: T) => void = () => {},
): Promise<T[]> {
  const all: T[] = [];
  for await (const item of source) {
    all.push(item);
    onEach(item);
  }
  return all;
}
