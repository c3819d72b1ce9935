import { createServer, request as httpRequest, type Server } from 'node:http';
import { FakeKube } from '../../cluster/fake/fake-kube.ts';
import { settle } from '../../cluster/fake/passage.ts';
import { bgpConfs, bgpPeers, eips } from '../../cluster/custom-kinds.ts';
import * as kinds from '../../cluster/kinds.ts';
import type { KubeObject, ResourceKind } from '../../cluster/objects.ts';
import { ClusterView } from '../../cluster/watch/cluster-view.ts';
import type { AddressRange } from '../../domain/address.ts';
import type { Replica } from '../../domain/replica.ts';
import type { EngineFacts } from '../../engine/facts.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { LOAD_BALANCER_CLASS, SERVICE_CONDITIONS, SERVICE_KEYS } from '../../resources/keys.ts';
import { App } from '../app.ts';
import { handlers, type HandlersDeps } from '../handlers.ts';
import type { Access, Caller, KubeSphere, Question } from '../identity/caller.ts';
import { Gate } from '../identity/gate.ts';
import { Verdicts } from '../identity/kubesphere.ts';
import { ClusterPicture, type Reservations } from '../model/picture.ts';
import type { AddressesReport } from '../replicas/addresses.ts';
import type { ReplicaReport } from '../replicas/facts.ts';
import { ADDRESSES_LIMITS, Gather, type GatherLimits } from '../replicas/gather.ts';
import { TAKERS_LIMITS, takersOf, type TakersReport } from '../replicas/takers.ts';
import { BASE_PATH } from '../routes.ts';
import { refuseUnheard } from '../unheard.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // What a test looks at, it names.
  readonly json: <T>() => T;
}

export interface Ask {
  readonly token?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export const NO_FACTS: EngineFacts = {
  ...{ sessions: [], nodes: [], drains: [], links: [], portProblems: [], addresses: [], stale: false, medOffset: 100 },
  // As from an earlier version: tests that say a MED mean the order by it.
  rank: undefined,
};

/** What a replica says of itself. */
export function factsOf(replica: string, facts: Partial<ReplicaReport> = {}): ReplicaReport {
  const self = { replica, node: `${replica}-node`, version: '0.1.0', startedAt: '2026-01-01T00:00:00Z', leads: false };
  return { kubeProxyMode: undefined, arp: undefined, beside: [], owners: [], ...self, ...NO_FACTS, ...facts };
}

/** A Service with an address, as the leader writes it. */
export function served(key: string, ip: string, pool = 'a', conditions: readonly object[] = []): kinds.Service {
  const [namespace = '', name = ''] = key.split('/');
  const at = { lastTransitionTime: '2026-01-02T00:00:00Z', status: 'True', message: 'It is so.' };
  const known = [
    { type: SERVICE_CONDITIONS.allocated, reason: 'Allocated', ...at },
    { type: SERVICE_CONDITIONS.announced, reason: 'Announced', ...at },
  ];
  return {
    metadata: {
      ...{ name, namespace, creationTimestamp: '2026-01-01T00:00:00Z' },
      annotations: { [SERVICE_KEYS.assigned]: `${pool}=${ip}` },
    },
    spec: { type: 'LoadBalancer', loadBalancerClass: LOAD_BALANCER_CLASS, ports: [{ port: 80, protocol: 'TCP' }] },
    status: { loadBalancer: { ingress: [{ ip }] }, conditions: [...known, ...conditions] },
  } as kinds.Service;
}

/** A user with what RBAC lets him do: `verb resource[/subresource] [namespace[/name]]`, `*` for everything. */
export interface User {
  readonly name: string;
  readonly may: readonly string[];
}

function allows({ may }: User, { verb, resource, subresource, namespace, name }: Access): boolean {
  const what = `${verb} ${subresource === undefined ? resource : `${resource}/${subresource}`}`;
  const ways = ['*', what, `${what} ${namespace}`, ...(name === undefined ? [] : [`${what} ${namespace}/${name}`])];
  return ways.some((way) => may.includes(way));
}

/** ks-apiserver with its own users, by token; `down`: it doesn't answer. */
export class FakeKubeSphere implements KubeSphere {
  present = false;
  down = false;
  readonly users = new Map<string, { readonly name: string; readonly paths: readonly string[] }>();
  readonly asked: Question[] = [];

  async userOf(token: string): Promise<string | undefined> {
    await settle();
    if (this.down) throw new Error('connect ECONNREFUSED');
    return this.users.get(token)?.name;
  }

  async admits(token: string, question: Question): Promise<string | undefined> {
    this.asked.push(question);
    const user = this.users.get(token);
    await settle();
    const open = user?.paths.some((path) => question.path.startsWith(`${BASE_PATH}${path}`)) === true;
    return open ? user.name : undefined;
  }
}

export interface BenchOptions {
  readonly docs?: boolean;
  readonly checkAnswers?: boolean;
  readonly notReady?: () => readonly string[];
}

/** The API of one replica without TLS, on an API server in memory, with users and other replicas of the test. */
export class ApiBench {
  readonly clock = new FakeClock();
  readonly kube = new FakeKube({ clock: this.clock });
  readonly logger = new FakeLogger();
  readonly users = new Map<string, User>([
    ['admin', { name: 'admin', may: ['*'] }],
    ['nothing', { name: 'nothing', may: [] }],
  ]);
  readonly kubesphere = new FakeKubeSphere();
  readonly serviceRanges: AddressRange[] = [];
  readonly subnets: AddressRange[] = [];
  readonly reservations: Reservations = { serviceRanges: () => this.serviceRanges, subnets: () => this.subnets };
  /** What each replica says; one that is undefined doesn't answer. */
  readonly replicas = new Map<string, ReplicaReport | undefined>([['porter-0', factsOf('porter-0', { leads: true })]]);
  /** Those that don't answer when they are asked for addresses alone. */
  readonly mute = new Set<string>();
  /** Why one that doesn't answer doesn't. */
  silence = 'connect ECONNREFUSED';
  reviews = 0;
  reviewsDown = false;
  /** How many SubjectAccessReviews there were. */
  accessReviews = 0;
  /** What a review waits for before it is answered. */
  reviewsWait: Promise<void> | undefined;
  readonly view = new ClusterView(
    { api: this.kube, clock: this.clock, random: { next: () => 0.5 }, logger: this.logger },
    {
      membership: undefined,
      namespace: 'porterlb-system',
      address: '10.0.0.1',
      serviceRanges: () => this.serviceRanges,
      onSynced: () => undefined,
      onInputs: () => this.onInputs(),
      onChange: () => undefined,
    },
  );
  /** What a replica waits for before it says what it knows. */
  onAsked: () => Promise<void> | undefined = () => undefined;
  /** Resolves when somebody has gone without an answer. */
  readonly gone = Promise.withResolvers<undefined>();
  /** How many answers there were with each status. */
  readonly statuses = new Map<number, number>();
  /** Called with every request that comes. */
  onRequest: () => void = () => undefined;
  /** Called with every change that the engine would hear of. */
  onInputs: () => void = () => undefined;
  readonly #byAddress = new WeakMap<ReplicaReport, Map<string, ReplicaReport['addresses'][number]>>();
  #server: Server | undefined;
  app!: App;
  port = 0;

  async start({ docs = false, checkAnswers = true, notReady = () => [] }: BenchOptions = {}): Promise<this> {
    this.view.start();
    await settle();
    const { clock, logger } = this;
    const gate = this.gate();
    const picture = new ClusterPicture({ clock, view: this.view, ...this.reservations });
    const deps = {
      clock,
      logger,
      gate,
      notReady,
      verdicts: new Verdicts({ secrets: () => [Buffer.from('secret')], onForeign: () => undefined }),
    };
    const app = await App.make(
      { ...deps, handlers: handlers({ clock, picture, ...this.#gathers() }) },
      { docs, checkAnswers },
    );
    this.app = app;
    const server = createServer((request, response) => {
      this.onRequest();
      response.on('finish', () =>
        this.statuses.set(response.statusCode, (this.statuses.get(response.statusCode) ?? 0) + 1),
      );
      response.on('close', () => {
        if (!response.writableFinished) this.gone.resolve(undefined);
      });
      app.handle(request, response);
    });
    refuseUnheard(server, { app, take: (_response, _socket, serve) => serve(), isBusy: () => false });
    this.#server = server;
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    this.port = (server.address() as { port: number }).port;
    return this;
  }

  gate(): Gate {
    const { clock, kubesphere } = this;
    return new Gate({ clock, kubesphere, reviews: this.#reviews() });
  }

  async stop(): Promise<void> {
    this.view.stop();
    this.#server?.closeAllConnections();
    await new Promise<void>((resolve) => void this.#server?.close(() => resolve()));
  }

  /** Puts objects there, and lets the view see them. */
  async store<T extends KubeObject>(kind: ResourceKind<T>, ...objects: readonly T[]): Promise<void> {
    for (const object of objects) this.kube.store(kind, object);
    await settle();
    await settle();
    // What the API keeps for a moment is made anew.
    this.clock.advance(60_000);
  }

  /** `path` below the API's own; with a slash in front of it, any path. */
  async get(path: string, ask: Ask = {}): Promise<Reply> {
    const { token = 'admin', method = 'GET', headers = {}, body } = ask;
    const options = {
      ...{ host: '127.0.0.1', port: this.port, method, path: path.startsWith('/') ? path : `${BASE_PATH}/${path}` },
      headers: { ...(token === '' ? {} : { authorization: `Bearer ${token}` }), ...headers },
    };
    return await new Promise((resolve, reject) => {
      const request = httpRequest(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const { statusCode: status = 0, headers: answered } = response;
          resolve({ status, headers: answered, text, json: <T>() => JSON.parse(text) as T });
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  /** An answer, or the status of what failed. */
  async answer<T>(path: string, ask: Ask = {}): Promise<T> {
    const { status, json, text } = await this.get(path, ask);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    return json<T>();
  }

  #reviews(): ConstructorParameters<typeof Gate>[0]['reviews'] {
    const userOf = (name: string): User | undefined => [...this.users.values()].find((user) => user.name === name);
    return {
      authenticate: async (token): Promise<Caller | undefined> => {
        this.reviews += 1;
        await settle();
        await this.reviewsWait;
        if (this.reviewsDown) throw new Error('connect ECONNREFUSED');
        const user = this.users.get(token);
        if (user === undefined) return undefined;
        return { user: user.name, via: 'kubernetes', uid: undefined, groups: [], extra: {} };
      },
      allows: async (caller, access) => {
        this.accessReviews += 1;
        await settle();
        await this.reviewsWait;
        const user = userOf(caller.user);
        return user !== undefined && allows(user, access);
      },
    };
  }

  #members(): Replica[] {
    return [...this.replicas.keys()].map((name) => ({ name, node: `${name}-node`, address: '10.0.0.1' }));
  }

  #said(name: string): ReplicaReport {
    const facts = this.replicas.get(name);
    if (facts === undefined) throw new Error(this.silence);
    return facts;
  }

  /** By address. */
  #addresses(facts: ReplicaReport): ReadonlyMap<string, ReplicaReport['addresses'][number]> {
    const known = this.#byAddress.get(facts) ?? new Map(facts.addresses.map((each) => [each.ip, each]));
    this.#byAddress.set(facts, known);
    return known;
  }

  #gathers(): Omit<HandlersDeps, 'clock' | 'picture'> {
    const [gather, gatherAddresses] = [this.#gather(), this.#gatherAddresses()];
    return { gather, gatherAddresses, gatherTakers: this.#gatherTakers() };
  }

  #gather(): Gather {
    return this.#gatherOf((name) => ({ ...this.#said(name), addresses: [] }), {});
  }

  #gatherAddresses(): Gather<AddressesReport> {
    const said = (name: string, ips: readonly string[]): AddressesReport => {
      if (this.mute.has(name)) throw new Error(this.silence);
      const known = this.#addresses(this.#said(name));
      return { addresses: ips.flatMap((ip) => known.get(ip) ?? []) };
    };
    return this.#gatherOf(said, ADDRESSES_LIMITS);
  }

  #gatherTakers(): Gather<TakersReport> {
    const said = (name: string, ips: readonly string[]): TakersReport => {
      return takersOf(this.#addresses(this.#said(name)), ips);
    };
    return this.#gatherOf(said, TAKERS_LIMITS);
  }

  #gatherOf<F>(said: (name: string, ips: readonly string[]) => F, options: Partial<GatherLimits>): Gather<F> {
    const own = async (ips: readonly string[]): Promise<F> => {
      await this.onAsked();
      return said('porter-0', ips);
    };
    const ask = async (replica: Replica, ips: readonly string[]): Promise<F> => {
      await settle();
      return said(replica.name, ips);
    };
    const self = { name: 'porter-0', node: 'porter-0-node', address: '10.0.0.1' };
    return new Gather({ clock: this.clock, members: () => this.#members(), own, ask }, { self, ...options });
  }
}

export { bgpConfs, bgpPeers, eips, kinds };
