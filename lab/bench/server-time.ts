/** How long requests of one kind took inside of an API server, in all and how many, from its metric `apiserver_request_duration_seconds`. */
export class ServerTime {
  readonly #seconds: number;
  readonly #count: number;

  private constructor(seconds: number, count: number) {
    this.#seconds = seconds;
    this.#count = count;
  }

  /** @param text the answer to `GET /metrics`, in Prometheus' text format; those for subresources don't count. */
  static parse(text: string, verb: string, resource: string): ServerTime {
    const sum = (suffix: string): number => {
      const lines = text.matchAll(new RegExp(`^apiserver_request_duration_seconds_${suffix}\\{(.*)\\} (\\S+)$`, 'gm'));
      const wanted = [`verb="${verb}"`, `resource="${resource}"`, 'subresource=""'];
      return [...lines]
        .filter(([, labels = '']) => wanted.every((label) => labels.split(',').includes(label)))
        .reduce((total, [, , value]) => total + Number(value), 0);
    };
    return new ServerTime(sum('sum'), sum('count'));
  }

  /** The mean of those since an earlier look, in milliseconds; NaN if there was none. */
  meanSince(earlier: ServerTime): number {
    return (1_000 * (this.#seconds - earlier.#seconds)) / (this.#count - earlier.#count);
  }
}
