import { EXIT, Failure } from '../failure.ts';
import type { ApiReply, ApiServer } from '../reach/api-server.ts';

interface Deps {
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Whether another attempt may be answered otherwise. */
function mayPass({ status }: ApiReply): boolean {
  return status === 429 || status >= 500;
}

/** Asks again what an API server did not answer, or not now, once it has begun: until then a failure is one at once. */
export class Patience {
  readonly #deps: Deps;
  readonly #times: { readonly everyMs: number; readonly forMs: number };
  #hasBegun = false;

  constructor(deps: Deps, times: { readonly everyMs: number; readonly forMs: number }) {
    this.#deps = deps;
    this.#times = times;
  }

  begin(): void {
    this.#hasBegun = true;
  }

  /** The same API server, asked with patience; only what it says of Pods through its proxy is taken as it comes. */
  around(api: ApiServer): ApiServer {
    return {
      ...api,
      call: async (method, path, sent) => {
        const ask = async (): Promise<ApiReply> => await api.call(method, path, sent);
        return path.includes('/proxy/') ? await ask() : await this.wait(ask, mayPass);
      },
    };
  }

  async wait<T>(ask: () => Promise<T>, isPassing: (answer: T) => boolean = () => false): Promise<T> {
    for (let left = this.#times.forMs / this.#times.everyMs; this.#mayAskAgain(left); left -= 1) {
      try {
        const answer = await ask();
        if (!isPassing(answer)) return answer;
      } catch (error) {
        if (!(error instanceof Failure) || error.exitCode !== EXIT.unreachable) throw error;
      }
      await this.#deps.wait(this.#times.everyMs, this.#deps.signal);
    }
    return await ask();
  }

  #mayAskAgain(left: number): boolean {
    return this.#hasBegun && left > 0 && !this.#deps.signal.aborted;
  }
}
