/** How many write requests an API server has had, by verb and resource, from its metric `apiserver_request_total`. */
export class WriteRequests {
  /** `PATCH services/status` -> number; those that were refused are told by their status: `PATCH services/status 409`. */
  readonly counts: ReadonlyMap<string, number>;

  private constructor(counts: ReadonlyMap<string, number>) {
    this.counts = counts;
  }

  /** @param text the answer to `GET /metrics`, in Prometheus' text format. */
  static parse(text: string): WriteRequests {
    const counts = new Map<string, number>();
    for (const [, labels = '', value = ''] of text.matchAll(/^apiserver_request_total\{(.*)\} (\S+)$/gm)) {
      const name = nameOf(
        new Map([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', text = '']) => [key, text])),
      );
      if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + Number(value));
    }
    return new WriteRequests(counts);
  }

  /** What came after an earlier look, without what did not. */
  since(earlier: WriteRequests): WriteRequests {
    const all = [...this.counts].map(([name, count]): [string, number] => [
      name,
      count - (earlier.counts.get(name) ?? 0),
    ]);
    return new WriteRequests(new Map(all.filter(([, count]) => count > 0)));
  }

  /** Without those of one name, by as many as this. */
  without(name: string, count: number): WriteRequests {
    const counts = new Map(this.counts);
    const left = (counts.get(name) ?? 0) - count;
    if (left > 0) counts.set(name, left);
    else counts.delete(name);
    return new WriteRequests(counts);
  }

  /** Those for a resource, its subresources included. */
  of(resource: string): WriteRequests {
    const fits = ([name]: [string, number]): boolean => name.split(/[ /]/)[1] === resource;
    return new WriteRequests(new Map([...this.counts].filter(fits)));
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get resources(): readonly string[] {
    return [...new Set([...this.counts.keys()].map((name) => name.split(/[ /]/)[1] ?? ''))].sort();
  }

  /** `10000 PATCH services/status, 3 PATCH services/status 409`; `none`. */
  toString(): string {
    return [...this.counts].map(([name, count]) => `${count} ${name}`).join(', ') || 'none';
  }
}

const writes: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE', 'DELETECOLLECTION']);

function nameOf(labels: ReadonlyMap<string, string>): string | undefined {
  const text = (label: string): string => labels.get(label) ?? '';
  // Requests for no resource are questions about rights, tokens and the like.
  if (!writes.has(text('verb')) || text('resource') === '' || text('dry_run') !== '') return undefined;
  const target = [text('resource'), text('subresource')].filter((part) => part !== '').join('/');
  const refused = text('code').startsWith('2') ? '' : ` ${text('code')}`;
  return `${text('verb')} ${target}${refused}`;
}
