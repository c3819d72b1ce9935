import type { AddressRange } from '../../../domain/address.ts';
import { FakeClock } from '../../../platform/fake/clock.ts';
import { FakeLogger } from '../../../platform/fake/logger.ts';
import { API_VERSION } from '../../../resources/keys.ts';
import { eips, type Eip } from '../../custom-kinds.ts';
import { FakeKube } from '../../fake/fake-kube.ts';
import { settle } from '../../fake/passage.ts';
import * as kinds from '../../kinds.ts';
import type { Kube, Patch } from '../../kube.ts';
import { ClusterView } from '../../watch/cluster-view.ts';
import { AddressAssigner } from '../address-assigner.ts';

/** A Service of type LoadBalancer with our class, as a user creates it. */
export function aServiceObject(
  name: string,
  metadata: kinds.Service['metadata'] = {},
  spec: kinds.Service['spec'] = {},
): kinds.Service {
  return {
    metadata: { name, namespace: 'shop', ...metadata },
    spec: { type: 'LoadBalancer', loadBalancerClass: 'lb.kubesphere.io/porter', ipFamilies: ['IPv4'], ...spec },
  };
}

/** The same with an address, as the leader has written it. */
export function withAddress(service: kinds.Service, ip: string, pool = 'main'): kinds.Service {
  const { metadata } = service;
  const condition = {
    type: 'network.kubesphere.io/Allocated',
    status: 'True',
    reason: 'Allocated',
    message: `The Service has ${ip}.`,
    observedGeneration: 1,
    lastTransitionTime: '2025-12-01T08:00:00Z',
  };
  return {
    ...service,
    metadata: {
      ...metadata,
      finalizers: ['service.kubernetes.io/load-balancer-cleanup'],
      labels: { ...metadata?.labels, 'eip.openelb.kubesphere.io/v1alpha2': pool },
      annotations: { ...metadata?.annotations, 'lb.kubesphere.io/assigned': `${pool}=${ip}` },
    },
    status: { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] }, conditions: [condition] },
  };
}

export function aPoolObject(name: string, addresses: readonly string[], isDefault = false): Eip {
  return {
    apiVersion: API_VERSION,
    kind: 'Eip',
    metadata: {
      name,
      ...(isDefault ? { annotations: { 'eip.porter.kubesphere.io/is-default-eip': 'true' } } : {}),
    },
    spec: { addresses, protocol: 'bgp' },
  };
}

type Held = 'guard' | 'requests' | 'answers';

/** Holds writes: until the pool is ready, before the API server sees them, or before their answers arrive. */
export class Gate {
  readonly #waiting: (() => void)[] = [];
  #shut: Held | undefined;

  shut(what: Held): void {
    this.#shut = what;
  }

  async open(): Promise<void> {
    this.#shut = undefined;
    for (const resume of this.#waiting.splice(0)) resume();
    await settle();
  }

  async pass(what: Held): Promise<void> {
    if (this.#shut === what) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

export interface Sent {
  readonly name: string;
  readonly body: Patch['body'];
}

/** The leader's assigner on a fake API server, with the view that it has in production. */
export class AssignerBench {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });
  readonly gate = new Gate();
  readonly logger = new FakeLogger();
  readonly view: ClusterView;
  readonly assigner: AddressAssigner;
  /** Patches that reached the API server, refused ones too. */
  readonly sent: Sent[] = [];
  /** Events, as `name type reason action`. */
  readonly events: string[] = [];
  /** What they said. */
  readonly notes: string[] = [];
  /** The pools whose use has changed, each time. */
  readonly used: string[] = [];
  /** Subnets of the links of its host. */
  subnets: readonly AddressRange[] = [];
  mayWrite = true;

  constructor() {
    const { clock, logger } = this;
    const random = { next: () => 0.5 };
    this.view = new ClusterView(
      { api: this.api, clock, random, logger },
      {
        membership: undefined,
        namespace: 'system',
        address: '10.0.0.1',
        serviceRanges: () => [],
        onSynced: () => this.assigner.start(),
        onInputs: () => {},
        onChange: (kind, key) => this.#changed(kind, key),
      },
    );
    this.assigner = new AddressAssigner({
      api: this.#gated(),
      clock,
      random,
      logger,
      view: this.view,
      events: {
        record: (_kind, object, { type, reason, action, note }) => {
          this.notes.push(note);
          this.events.push(`${object.metadata?.name} ${type} ${reason} ${action}`);
        },
      },
      guard: { ensure: () => this.gate.pass('guard').then(() => true) },
      serviceRanges: () => [],
      subnets: () => this.subnets,
      mayWrite: () => this.mayWrite,
      onWritten: () => undefined,
      onUse: (pool) => void this.used.push(pool),
    });
  }

  /** The cluster has `objects`; this replica becomes the leader. */
  static async started(...objects: readonly (kinds.Service | Eip)[]): Promise<AssignerBench> {
    const bench = new AssignerBench();
    for (const object of objects) bench.store(object);
    bench.view.start();
    await settle();
    return bench;
  }

  /** Somebody else creates or replaces an object, status included. */
  store(object: kinds.Service | Eip): void {
    if (object.kind === 'Eip') this.api.store(eips, object as Eip);
    else this.api.store(kinds.services, object as kinds.Service);
  }

  service(name: string): kinds.Service | undefined {
    return this.api.read(kinds.services, { namespace: 'shop', name });
  }

  /** Somebody changes a Service; what `change` leaves out stays. */
  change(name: string, change: (service: kinds.Service) => kinds.Service): void {
    const service = this.service(name);
    if (service !== undefined) this.api.store(kinds.services, change(service));
  }

  remove(name: string): void {
    this.api.remove(kinds.services, { namespace: 'shop', name });
  }

  /** The addresses in the status. */
  addresses(name: string): string[] {
    return (this.service(name)?.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  }

  /** Our condition, as `status reason`. */
  condition(name: string): string | undefined {
    const found = this.service(name)?.status?.conditions?.find(({ type }) => type.endsWith('/Allocated'));
    return found === undefined ? undefined : `${found.status} ${found.reason}`;
  }

  /** Names of the Services that were patched since the last call. */
  patched(): string[] {
    return this.sent.splice(0).map(({ name }) => name);
  }

  #changed(kind: string, key: string): void {
    if (!this.view.synced) return;
    if (kind === 'service') this.assigner.serviceChanged(key);
    if (kind === 'pool') this.assigner.poolsChanged();
    if (kind === 'namespace') this.assigner.namespaceChanged(key);
  }

  #gated(): Kube {
    const { api, gate, sent } = this;
    const original: Kube['patch'] = api.patch.bind(api);
    const patch: Kube['patch'] = async (kind, ref, change, options) => {
      await gate.pass('requests');
      sent.push({ name: ref.name, body: change.body });
      const answer = await original(kind, ref, change, options);
      await gate.pass('answers');
      return answer;
    };
    return Object.assign(api, { patch });
  }
}
