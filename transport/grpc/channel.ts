import type { ChannelOptions } from "@grpc/grpc-js";
import { FLOW_CONTROL_WINDOW_BYTES } from "./flow-control.ts";

/** The protocol between the parts. Peers must name the same number at connect; raised when an old peer would misunderstand. */
export const PROTOCOL = 1;

/** Largest message in bytes: a batch group of long rollouts, with room to spare. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** A silent peer is asked for a sign of life after this time … */
const KEEPALIVE_TIME_MS = 15_000;
/** … and given up after this one. Long, since a machine with few cores may be busy decoding. */
const KEEPALIVE_TIMEOUT_MS = 15_000;

const both: ChannelOptions = {
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  "grpc.keepalive_time_ms": KEEPALIVE_TIME_MS,
  "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
};

/** What the coordinator's end is set to. Channelz stays on: without it the server forgets its sessions and cannot cut them. */
export const SERVER_OPTIONS: ChannelOptions = both;

/** What a worker's or updater's end is set to. A lost connection is dialled again within two seconds, for ever. */
export const CLIENT_OPTIONS: ChannelOptions = {
  ...both,
  "grpc-node.flow_control_window": FLOW_CONTROL_WINDOW_BYTES,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2_000,
  "grpc.use_local_subchannel_pool": 1, // A shared pool would keep the socket for seconds after the client is closed.
  "grpc.enable_http_proxy": 0,
};
