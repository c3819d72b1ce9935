import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

interface Waiting {
  readonly resolve: (line: string) => void;
  readonly reject: (error: Error) => void;
}

/** The near end of a channel to a program that takes one JSON command per line and answers each with one line, in order. */
export class LineChannel<Command, Answer> {
  readonly #input: Writable;
  readonly #waiting: Waiting[] = [];
  #ended: Error | undefined;

  /** @param input the program's, as is `output` */
  constructor(input: Writable, output: Readable) {
    this.#input = input;
    createInterface({ input: output }).on('line', (line) => this.#waiting.shift()?.resolve(line));
    input.on('error', () => undefined);
  }

  async tell(command: Command): Promise<Answer> {
    const answer = this.line();
    this.#input.write(`${JSON.stringify(command)}\n`);
    return JSON.parse(await answer) as Answer;
  }

  /** The next line that is no answer to a command before: of a program that says something unasked when it begins. */
  async line(): Promise<string> {
    if (this.#ended !== undefined) throw this.#ended;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.push({ resolve, reject });
    return promise;
  }

  /** The program is told that no command will follow. */
  close(): void {
    this.#input.end();
  }

  /** Nothing will be answered any more. */
  fail(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }
}
