import type { Service } from '../../backend/src/cluster/kinds.ts';
import { services } from '../../backend/src/cluster/kinds.ts';
import type { Kube, Watch } from '../../backend/src/cluster/kube.ts';

/** When each Service's address was first seen by a watch, as any client of the API sees it. */
export class IngressWatch {
  readonly #seen = new Map<string, { readonly at: number; readonly ip: string }>();
  readonly #waiting = new Set<() => void>();
  #watch: Watch | undefined;

  static async start(kube: Kube): Promise<IngressWatch> {
    const ingress = new IngressWatch();
    const { resourceVersion } = await kube.list(services);
    const opened = Promise.withResolvers<void>();
    ingress.#watch = kube.watch<Service>(
      services,
      { resourceVersion, timeoutSeconds: 3600 },
      {
        onOpen: () => opened.resolve(),
        onEvent: (type, service) => ingress.#event(type, service),
        onBookmark: () => undefined,
        onClose: (error) => {
          throw error ?? new Error('the watch of the bench ended');
        },
      },
    );
    await opened.promise;
    return ingress;
  }

  get count(): number {
    return this.#seen.size;
  }

  /** The address of a Service, once it has one, and `performance.now()` of that moment. */
  async of(name: string): Promise<{ at: number; ip: string }> {
    await this.#until(() => this.#seen.has(name));
    return this.#seen.get(name) ?? { at: 0, ip: '' };
  }

  /** `performance.now()` of the moment that the last of so many Services had an address. */
  async all(count: number): Promise<number> {
    await this.#until(() => this.#seen.size >= count);
    return Math.max(...[...this.#seen.values()].map(({ at }) => at));
  }

  forget(): void {
    this.#seen.clear();
  }

  stop(): void {
    this.#watch?.close();
  }

  #event(type: string, service: Service): void {
    const name = service.metadata?.name ?? '';
    if (type === 'DELETED') this.#seen.delete(name);
    else this.#note(name, service.status?.loadBalancer?.ingress?.[0]?.ip);
    for (const look of this.#waiting) look();
  }

  #note(name: string, ip: string | undefined): void {
    if (ip !== undefined && !this.#seen.has(name)) this.#seen.set(name, { at: performance.now(), ip });
  }

  async #until(fulfilled: () => boolean): Promise<void> {
    if (fulfilled()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (!fulfilled()) return;
      this.#waiting.delete(look);
      resolve();
    };
    this.#waiting.add(look);
    await promise;
  }
}
