/** Where an OTLP receiver takes one signal, from its base URL. */
export function otlpUrl(base: string, signal: "metrics" | "traces"): string {
  return new URL(`v1/${signal}`, base.endsWith("/") ? base : `${base}/`).href;
}
