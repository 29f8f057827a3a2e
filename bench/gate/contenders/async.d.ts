/** The part of async 3 that is measured; the package brings no types. */
declare module "async/priorityQueue.js" {
  interface PriorityQueue<Task> {
    pushAsync(task: Task, priority: number): Promise<unknown>;
  }
  type Done = (error: unknown) => void;
  export default function priorityQueue<Task>(
    worker: (task: Task, done: Done) => void,
    concurrency: number,
  ): PriorityQueue<Task>;
}
