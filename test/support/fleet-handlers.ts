import type { FleetHandlers } from "../../transport/index.ts";

/** Handlers that fail the call unless a test names them. */
export function handlersThat(named: Partial<FleetHandlers>): FleetHandlers {
  const unexpected = (name: string) => () => {
    throw new Error(`nobody expected a call of ${name}`);
  };
  const refuse = (name: string) => async () => unexpected(name)();
  return {
    connect: refuse("connect"),
    status: refuse("status"),
    scaling: refuse("scaling"),
    pause: refuse("pause"),
    unpause: refuse("unpause"),
    stopAfter: refuse("stopAfter"),
    rollback: refuse("rollback"),
    lease: refuse("lease"),
    collect: refuse("collect"),
    batches: unexpected("batches"),
    publishPolicy: refuse("publishPolicy"),
    skipStep: refuse("skipStep"),
    fetchPolicy: refuse("fetchPolicy"),
    ...named,
  };
}
