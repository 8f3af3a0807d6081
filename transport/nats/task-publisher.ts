import { headers } from "@nats-io/transport-node";
import type { NatsLink } from "./link.ts";
import { runNames, type TaskAddress, taskAddress, taskSubject } from "./names.ts";

/** The coordinator's end of the TASKS queue. */
export interface TaskPublisher {
  /**
   * Publishes one dispatch of a task; the same one twice within two minutes stays one message.
   *
   * @param traceparent - W3C trace context that travels with it
   */
  publish(address: TaskAddress, task: Uint8Array, traceparent?: string): Promise<void>;
  /** What is in the queue: waiting, or delivered and not acknowledged. */
  list(): Promise<TaskAddress[]>;
}

/** The tasks of a run whose streams exist. */
export function createTaskPublisher(link: NatsLink, run: string): TaskPublisher {
  const { stream, subject } = runNames(run).tasks;
  return {
    publish: async (address, task, traceparent = "") => {
      const extra = headers();
      if (traceparent !== "") extra.set("traceparent", traceparent);
      const subjectOfTask = taskSubject(run, address);
      const settings = { msgID: `${address.task}.${address.dispatch}`, headers: extra };
      const publish = () => link.stream.publish(subjectOfTask, task, settings);
      await link.ask(`task ${address.task} to be published`, publish);
    },
    list: async () => {
      const list = () => link.manager.streams.info(stream, { subjects_filter: `${subject}.>` });
      const { state } = await link.ask("the tasks in the queue", list);
      return Object.keys(state.subjects ?? {}).map(taskAddress);
    },
  };
}
