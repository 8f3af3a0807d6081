interface SparkProps {
  readonly values: readonly number[];
  readonly label: string;
  readonly least?: number;
  readonly most?: number;
}

const WIDTH = 120;
const HEIGHT = 22;

/** Values as a small line. */
export function Spark({ values, label, least, most }: SparkProps) {
  if (values.length === 0) return null;
  const low = least ?? Math.min(...values);
  const high = Math.max(most ?? Math.max(...values), low + 1e-9);
  const x = (at: number) => (values.length === 1 ? WIDTH / 2 : 2 + (at * (WIDTH - 4)) / (values.length - 1));
  const y = (value: number) => HEIGHT - 3 - ((value - low) / (high - low)) * (HEIGHT - 6);
  const last = values.at(-1) ?? 0;
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <polyline points={values.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ")} />
      <circle cx={x(values.length - 1)} cy={y(last)} r="2" />
    </svg>
  );
}
