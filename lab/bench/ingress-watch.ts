import type { Service } from '../../backend/src/cluster/kinds.ts';
import { services } from '../../backend/src/cluster/kinds.ts';
import type { Kube, Watch } from '../../backend/src/cluster/kube.ts';
import { SERVICE_CONDITIONS } from '../../backend/src/resources/keys.ts';

/** When each Service, its address and its condition `Announced`, was first seen by a watch, as any client of the API sees it. */
export class IngressWatch {
  readonly #first = new Map<string, number>();
  readonly #seen = new Map<string, { readonly at: number; readonly ip: string }>();
  readonly #announced = new Map<string, number>();
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

  /** `performance.now()` of the moment that there was a Service of this name. */
  async seen(name: string): Promise<number> {
    await this.#until(() => this.#first.has(name));
    return this.#first.get(name) ?? 0;
  }

  /** The address of a Service, once it has one, and `performance.now()` of that moment. */
  async of(name: string): Promise<{ at: number; ip: string }> {
    await this.#until(() => this.#seen.has(name));
    return this.#seen.get(name) ?? { at: 0, ip: '' };
  }

  /** The Service is deleted, or has never had an address. */
  async gone(name: string): Promise<void> {
    await this.#until(() => !this.#seen.has(name));
  }

  /** `performance.now()` of the moment that the last of so many Services had an address. */
  async all(count: number): Promise<number> {
    await this.#until(() => this.#seen.size >= count);
    return Math.max(...[...this.#seen.values()].map(({ at }) => at));
  }

  /** The same of the last condition `Announced` that is True. */
  async allAnnounced(count: number): Promise<number> {
    await this.#until(() => this.#announced.size >= count);
    return Math.max(...this.#announced.values());
  }

  forget(): void {
    this.#first.clear();
    this.#seen.clear();
    this.#announced.clear();
  }

  stop(): void {
    this.#watch?.close();
  }

  #event(type: string, service: Service): void {
    const name = service.metadata?.name ?? '';
    if (type === 'DELETED') {
      this.#first.delete(name);
      this.#seen.delete(name);
      this.#announced.delete(name);
    } else this.#note(name, service);
    for (const look of this.#waiting) look();
  }

  #note(name: string, service: Service): void {
    const ip = service.status?.loadBalancer?.ingress?.[0]?.ip;
    const at = performance.now();
    if (!this.#first.has(name)) this.#first.set(name, at);
    if (ip !== undefined && !this.#seen.has(name)) this.#seen.set(name, { at, ip });
    if (isAnnounced(service) && !this.#announced.has(name)) this.#announced.set(name, at);
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

function isAnnounced({ status }: Service): boolean {
  const { announced } = SERVICE_CONDITIONS;
  return status?.conditions?.some((condition) => condition.type === announced && condition.status === 'True') === true;
}
