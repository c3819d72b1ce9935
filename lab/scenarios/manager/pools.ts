import type { KubeObject } from '../../cluster/api-client.ts';
import { eip } from '../../local/objects.ts';
import { until } from '../../state/until.ts';
import type { Condition, ManagerLab } from './manager-lab.ts';

const eips = '/apis/network.kubesphere.io/v1alpha2/eips';

export interface LivePool extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly finalizers?: readonly string[];
    readonly deletionTimestamp?: string;
  };
  readonly spec?: { readonly priority?: number };
  readonly status?: {
    readonly usage?: number;
    readonly addresses?: readonly string[];
    readonly namespaces?: readonly string[];
    readonly used?: Readonly<Record<string, string>>;
    readonly released?: readonly { readonly ip: string; readonly service: string; readonly time: string }[];
    readonly conditions?: readonly Condition[];
  };
}

/** Annotation by which a Service names pools. */
export function inPool(...pools: string[]): Record<string, string> {
  return { 'eip.openelb.kubesphere.io/v1alpha2': pools.join() };
}

/** Annotation by which a Service asks for addresses. */
export function wanting(...ips: string[]): Record<string, string> {
  return { 'lb.kubesphere.io/ips': ips.join() };
}

/** The Eips of a lab, as their administrator handles and sees them. */
export class Pools {
  readonly #lab: ManagerLab;

  constructor(lab: ManagerLab) {
    this.#lab = lab;
  }

  async create(name: string, spec: object): Promise<void> {
    await this.#lab.lab.api.create(eip(name, spec));
  }

  async edit(name: string, spec: object): Promise<void> {
    await this.#lab.lab.api.patch(`${eips}/${name}`, { spec });
  }

  async delete(name: string): Promise<void> {
    await this.#lab.lab.api.delete(`${eips}/${name}`);
  }

  async find(name: string): Promise<LivePool | undefined> {
    return this.#lab.lab.api.find<LivePool>(`${eips}/${name}`);
  }

  async gone(name: string): Promise<void> {
    const explain = async (): Promise<string> => JSON.stringify(await this.find(name));
    await until(async () => (await this.find(name)) === undefined, { what: `the Eip ${name} to be gone`, explain });
  }

  /** The pool, once `fulfilled` by it. */
  async when(name: string, what: string, fulfilled: (pool: LivePool) => boolean): Promise<LivePool> {
    const look = async (): Promise<LivePool | false> => {
      const pool = await this.#lab.lab.api.get<LivePool>(`${eips}/${name}`);
      return fulfilled(pool) && pool;
    };
    const explain = async (): Promise<string> => JSON.stringify((await this.find(name))?.status);
    return until(look, { what: `the Eip ${name} ${what}`, explain });
  }

  /** A condition of the pool, once it has this reason and its message contains all of these texts. */
  async condition(name: string, type: string, reason: string, ...texts: string[]): Promise<Condition> {
    const wanted = (pool: LivePool): Condition | undefined =>
      pool.status?.conditions?.find(
        (condition) =>
          condition.type === type &&
          condition.reason === reason &&
          texts.every((text) => condition.message.includes(text)),
      );
    const what = `to have ${type} with ${[reason, ...texts].join(' ')}`;
    const pool = await this.when(name, what, (found) => wanted(found) !== undefined);
    return wanted(pool) ?? { type: '', status: '', reason: '', message: '' };
  }

  /** Waits until the pool's status lists exactly these ranges as those that Services may hold addresses of. */
  async holds(name: string, ...ranges: string[]): Promise<void> {
    const listed = (pool: LivePool): boolean => pool.status?.addresses?.join() === ranges.join();
    await this.when(name, `to list ${ranges.join()}`, listed);
  }
}
