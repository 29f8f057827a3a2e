/** The model server behind every contender: on raw sockets, so that it costs next to nothing itself. */
import { createServer, type Socket } from "node:net";
import { lastFrames, namedFrame, STREAM_HEAD } from "../frames.ts";
import { HttpReader } from "../http-reader.ts";
import { JSON_ANSWER, TASK_HEADER, type Task } from "../requests.ts";
import { Pacer } from "./paced.ts";
import { listening, type ChildServer, type StartOptions } from "./child-server.ts";
import { Slot, type Served } from "./slot.ts";

const AT_ONCE = Buffer.concat([headOf(JSON_ANSWER), JSON_ANSWER]);
const MODELS = Buffer.from('{"object":"list","data":[{"id":"bench","object":"model"}]}');
const UNKNOWN_PATH = Buffer.from("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");

function headOf({ length }: Buffer): Buffer {
  return Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`);
}

/** What can be asked of it. */
export interface ModelQuestions {
  /** What the slot did since it was asked last. */
  served: Served[];
  /** Sends one more frame on each stream that goes by steps. Tells on how many. */
  step: number;
  /** Completes those streams. Tells how many. */
  finish: number;
  /** Ends the job that keeps the slot. Tells how many were in line behind it, at the model server itself. */
  letGo: number;
}

class Model {
  readonly #task: Task;
  readonly slot = new Slot();
  readonly pacer = new Pacer();
  stepped = new Set<Socket>();
  steps = 0;

  constructor(task: Task) {
    this.#task = task;
  }

  connected(socket: Socket): void {
    let head = "";
    let body: Buffer[] = [];
    const reader = new HttpReader({
      head: (text) => {
        head = text;
      },
      body: (bytes) => body.push(bytes),
      end: () => {
        this.#answer(socket, head, body);
        body = [];
      },
    });
    socket.on("data", (chunk) => reader.push(chunk));
    socket.on("error", () => {});
    socket.on("close", () => this.stepped.delete(socket));
  }

  #answer(socket: Socket, head: string, body: readonly Buffer[]): void {
    if (!head.startsWith("POST")) return this.#get(socket, head);
    const [task = "", first = "", second = ""] = (taskOf(head) ?? this.#task).split(" ");
    switch (task) {
      case "echo":
        return this.#json(socket, Buffer.concat(body));
      case "serve":
        return this.slot.enter(second, Number(first), () => socket.write(AT_ONCE));
      case "keep":
        return this.slot.enter(first, undefined, () => socket.write(AT_ONCE));
      case "pace":
        socket.write(STREAM_HEAD);
        return this.pacer.begin(socket, Number(first), Number(second));
      case "hold":
        return void socket.write(Buffer.concat([STREAM_HEAD, namedFrame("held")]));
      case "step":
        this.stepped.add(socket);
        return void socket.write(STREAM_HEAD);
      default:
        socket.write(AT_ONCE);
    }
  }

  #get(socket: Socket, head: string): void {
    if (head.startsWith("GET /v1/models ")) this.#json(socket, MODELS);
    else socket.write(UNKNOWN_PATH);
  }

  #json(socket: Socket, body: Buffer): void {
    socket.write(Buffer.concat([headOf(body), body]));
  }
}

const TASK = new RegExp(`^${TASK_HEADER}: *(.*)$`, "im");

function taskOf(head: string): string | undefined {
  return TASK.exec(head)?.[1]?.trim();
}

export async function start({ task = "answer" }: StartOptions): Promise<ChildServer> {
  const model = new Model(task);
  const server = createServer({ noDelay: true }, (socket) => model.connected(socket));
  const port = await listening(server);
  const questions: { [Name in keyof ModelQuestions]: () => ModelQuestions[Name] } = {
    served: () => {
      const { log } = model.slot;
      model.slot.log = [];
      return log;
    },
    step: () => {
      if (model.stepped.size > 0) model.steps++;
      for (const socket of model.stepped) socket.write(namedFrame(String(model.steps)));
      return model.stepped.size;
    },
    finish: () => {
      const { size } = model.stepped;
      for (const socket of model.stepped) socket.write(lastFrames());
      model.stepped.clear();
      model.steps = 0;
      return size;
    },
    letGo: () => {
      const { waiting } = model.slot;
      model.slot.letGo();
      return waiting;
    },
  };
  return { port, answer: (question) => questions[question as keyof ModelQuestions]() };
}
