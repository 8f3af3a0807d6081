import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Root } from "protobufjs";

/** A span as it came over the wire: ids in hex, times in milliseconds, attributes as plain values. */
export interface ReceivedSpan {
  readonly service: string;
  readonly instance: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** "" for a root. */
  readonly parentId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Span ids. */
  readonly links: readonly string[];
  /** Null unless it failed. */
  readonly error: string | null;
}

/** An OTLP receiver over HTTP with protobuf. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  /** What came so far. */
  readonly spans: readonly ReceivedSpan[];
}

/** Numbers of the fields that are looked at; see opentelemetry-proto, trace/v1/trace.proto and common/v1/common.proto. */
const SCHEMA = Root.fromJSON({
  nested: {
    Request: { fields: { resourceSpans: { rule: "repeated", type: "ResourceSpans", id: 1 } } },
    ResourceSpans: {
      fields: {
        resource: { type: "Resource", id: 1 },
        scopeSpans: { rule: "repeated", type: "ScopeSpans", id: 2 },
      },
    },
    Resource: { fields: { attributes: { rule: "repeated", type: "KeyValue", id: 1 } } },
    ScopeSpans: { fields: { spans: { rule: "repeated", type: "Span", id: 2 } } },
    Span: {
      fields: {
        traceId: { type: "bytes", id: 1 },
        spanId: { type: "bytes", id: 2 },
        parentSpanId: { type: "bytes", id: 4 },
        name: { type: "string", id: 5 },
        start: { type: "fixed64", id: 7 },
        end: { type: "fixed64", id: 8 },
        attributes: { rule: "repeated", type: "KeyValue", id: 9 },
        links: { rule: "repeated", type: "Link", id: 13 },
        status: { type: "Status", id: 15 },
      },
    },
    Link: { fields: { traceId: { type: "bytes", id: 1 }, spanId: { type: "bytes", id: 2 } } },
    Status: { fields: { message: { type: "string", id: 2 }, code: { type: "int32", id: 3 } } },
    KeyValue: { fields: { key: { type: "string", id: 1 }, value: { type: "AnyValue", id: 2 } } },
    AnyValue: {
      oneofs: { value: { oneof: ["string", "bool", "int", "double", "array"] } },
      fields: {
        string: { type: "string", id: 1 },
        bool: { type: "bool", id: 2 },
        int: { type: "int64", id: 3 },
        double: { type: "double", id: 4 },
        array: { type: "ArrayValue", id: 5 },
      },
    },
    ArrayValue: { fields: { values: { rule: "repeated", type: "AnyValue", id: 1 } } },
  },
}).lookupType("Request");

const STATUS_ERROR = 2;

/** Opens a receiver on loopback. */
export async function openOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if (request.url === "/v1/traces") spans.push(...readSpans(body));
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

interface AnyValue {
  readonly string?: string;
  readonly bool?: boolean;
  readonly int?: string;
  readonly double?: number;
  readonly array?: { readonly values: readonly AnyValue[] };
}

interface WireSpan {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId: Uint8Array;
  readonly name: string;
  readonly start: string;
  readonly end: string;
  readonly attributes: readonly KeyValue[];
  readonly links: readonly { readonly spanId: Uint8Array }[];
  readonly status?: { readonly message: string; readonly code: number };
}

interface WireRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

function readSpans(body: Buffer): ReceivedSpan[] {
  const message = SCHEMA.toObject(SCHEMA.decode(body), { longs: String, arrays: true, defaults: false });
  return (message as WireRequest).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const about = plain(resource.attributes);
    const told = { service: String(about["service.name"]), instance: String(about["service.instance.id"]) };
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...told, ...readSpan(span) })));
  });
}

function readSpan(span: WireSpan): Omit<ReceivedSpan, "service" | "instance"> {
  const { name, attributes, links, status } = span;
  return {
    name,
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentId: hex(span.parentSpanId ?? new Uint8Array()),
    startMs: millisecondsOf(span.start),
    endMs: millisecondsOf(span.end),
    attributes: plain(attributes),
    links: links.map(({ spanId }) => hex(spanId)),
    error: status?.code === STATUS_ERROR ? status.message : null,
  };
}

/** Of nanoseconds, which are more than a number can hold, to the microsecond. */
function millisecondsOf(nanoseconds: string): number {
  return Number(BigInt(nanoseconds) / 1_000n) / 1_000;
}

function plain(attributes: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plainValue(value)]));
}

function plainValue({ string, bool, int, double, array }: AnyValue): unknown {
  if (array !== undefined) return array.values.map(plainValue);
  return string ?? bool ?? (int === undefined ? double : Number(int));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
