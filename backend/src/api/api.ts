import packageJson from '../../package.json' with { type: 'json' };
import { reviewAccess, reviewToken } from '../cluster/reviews.ts';
import { ServingSecret } from '../cluster/write/serving-secret.ts';
import type { Kube } from '../cluster/kube.ts';
import type { Replica } from '../domain/replica.ts';
import type { AddressFacts, EngineFacts } from '../engine/facts.ts';
import type { ApiOptions } from '../options.ts';
import type { Clock, Logger } from '../platform/ports.ts';
import { App } from './app.ts';
import { ArpSettings } from './arp-settings.ts';
import { LinkOwners } from './caches/link-owners.ts';
import { handlers } from './handlers.ts';
import type { Caller, Reviews } from './identity/caller.ts';
import { Gate } from './identity/gate.ts';
import { ksApiserverAt, KsApiserver, Verdicts, type KsApiserverAddress } from './identity/kubesphere.ts';
import { KubeProxy } from './kube-proxy.ts';
import { ClusterPicture, type PictureView, type Reservations } from './model/picture.ts';
import type { AddressesReport } from './replicas/addresses.ts';
import type { ReplicaReport } from './replicas/facts.ts';
import { ADDRESSES_LIMITS, Gather, type GatherDeps } from './replicas/gather.ts';
import { ReplicaClient } from './replicas/replica-client.ts';
import { TAKERS_LIMITS, takersOf, type Reported, type TakersReport } from './replicas/takers.ts';
import { API_GROUP, API_VERSION } from './routes.ts';
import { ApiServer, type ApiServerDeps } from './server.ts';
import { MountedCertificate, OwnCertificate, ServingCertificate } from './tls/serving-certificate.ts';

export interface ApiDeps extends Reservations {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly kube: Kube;
  readonly view: PictureView;
  readonly ask: (ips: readonly string[]) => Promise<EngineFacts>;
  readonly askAddresses: (ips: readonly string[]) => Promise<readonly AddressFacts[]>;
  /** What the engine has told of each address. */
  readonly reports: ReadonlyMap<string, Reported>;
  readonly leads: () => boolean;
  readonly notReady: () => readonly string[];
  /** Other load balancers of this kind that run in the cluster, in words. */
  readonly beside: () => readonly string[];
  readonly boundSockets: ApiServerDeps['boundSockets'];
}

export interface ReplicaOptions {
  readonly replica: string;
  readonly node: string;
  /** This host's address, where the API listens. */
  readonly address: string;
  /** Namespace of the manager's own objects. */
  readonly namespace: string;
  /** Name of the headless Service; those of the API's Service and Secret begin with it. */
  readonly name: string;
}

/** The API of one replica: certificate, port, Express and what it answers from, tied together. Loaded only where it is switched on. */
export class Api {
  readonly #deps: ApiDeps;
  readonly #options: ApiOptions;
  readonly #self: ReplicaOptions;
  readonly #certificate: ServingCertificate;
  readonly #client: ReplicaClient;
  readonly #kubeProxy: KubeProxy;
  readonly #arp: ArpSettings;
  readonly #startedAt: string;
  #owners: LinkOwners | undefined;
  #server: ApiServer | undefined;

  constructor(deps: ApiDeps, options: ApiOptions, self: ReplicaOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#self = self;
    this.#certificate = new ServingCertificate({ ...deps, source: this.#certificateSource() });
    this.#client = new ReplicaClient({ ...deps, certificate: this.#certificate });
    this.#kubeProxy = new KubeProxy(deps);
    this.#arp = new ArpSettings(deps);
    this.#startedAt = deps.clock.wallTime().toISOString();
  }

  /**
   * Resolves with the port, once requests are accepted.
   * @throws if there is no certificate, or the port is somebody else's
   */
  async start(): Promise<number> {
    const { clock, logger, boundSockets } = this.#deps;
    await this.#certificate.start(() => this.#server?.certificateChanged());
    const app = await this.#app();
    const facts = async (ips: readonly string[]): Promise<ReplicaReport> => await this.#facts(ips);
    const isReplica = (from: string): boolean => this.#deps.view.members().some(({ address }) => address === from);
    const deps = { clock, logger, boundSockets, certificate: this.#certificate, facts, isReplica };
    const addresses = async (ips: readonly string[]): Promise<AddressesReport> => await this.#addresses(ips);
    this.#server = new ApiServer({ ...deps, app, addresses, takers: (ips) => this.#takers(ips) });
    return await this.#server.listen({ host: this.#self.address, port: this.#options.port });
  }

  async stop(): Promise<void> {
    this.#certificate.stop();
    this.#client.close();
    await this.#server?.close();
  }

  async #app(): Promise<App> {
    const { clock } = this.#deps;
    const verdicts = new Verdicts({
      secrets: () => this.#certificate.sharedSecrets('porterlb verdicts'),
      onForeign: () => this.#certificate.lookAgain(),
    });
    const kubesphere = new KsApiserver({ clock, verdicts, at: () => this.#kubesphere() });
    const gate = new Gate({ clock, kubesphere, reviews: reviewsBy(this.#deps.kube) });
    const picture = new ClusterPicture(this.#deps);
    this.#owners = new LinkOwners({ clock, picture, reports: this.#deps.reports });
    const gather = this.#gather();
    const passedOver = (replica: Replica): string | undefined => gather.hungFor(replica);
    const [gatherAddresses, gatherTakers] = [this.#gatherAddresses(passedOver), this.#gatherTakers(passedOver)];
    const gathers = { gather, gatherAddresses, gatherTakers };
    const deps = { ...this.#deps, gate, verdicts, handlers: handlers({ clock, picture, ...gathers }) };
    return await App.make(deps, { docs: this.#options.docs, checkAnswers: false });
  }

  #gather(): Gather {
    const ask = this.#asks(async (...question) => await this.#client.ask(...question));
    return new Gather(this.#ofReplicas({ ask, own: async (ips) => await this.#facts(ips) }), { self: this.#replica });
  }

  #gatherAddresses(passedOver: NonNullable<GatherDeps['passedOver']>): Gather<AddressesReport> {
    const ask = this.#asks(async (...question) => await this.#client.askAddresses(...question));
    const own = async (ips: readonly string[]): Promise<AddressesReport> => await this.#addresses(ips);
    return new Gather({ ...this.#ofReplicas({ ask, own }), passedOver }, { self: this.#replica, ...ADDRESSES_LIMITS });
  }

  /** For lists, of as many addresses as the longest page of the console has. */
  #gatherTakers(passedOver: NonNullable<GatherDeps['passedOver']>): Gather<TakersReport> {
    const ask = this.#asks(async (...question) => await this.#client.askTakers(...question));
    const own = async (ips: readonly string[]): Promise<TakersReport> => await Promise.resolve(this.#takers(ips));
    const deps = { ...this.#ofReplicas({ ask, own }), passedOver };
    return new Gather(deps, { self: this.#replica, ...TAKERS_LIMITS });
  }

  get #replica(): Replica {
    const { replica: name, node, address } = this.#self;
    return { name, node, address };
  }

  #ofReplicas<F>(deps: Pick<GatherDeps<F>, 'ask' | 'own'>): GatherDeps<F> {
    return { ...deps, clock: this.#deps.clock, members: () => this.#deps.view.members() };
  }

  #asks<F>(ask: (at: string, ips: readonly string[], timeoutMs: number) => Promise<F>): GatherDeps<F>['ask'] {
    const { port } = this.#options;
    return async ({ address }, ips, timeoutMs) => {
      const host = address.includes(':') ? `[${address}]` : address;
      return await ask(`${host}:${port}`, ips, timeoutMs);
    };
  }

  #takers(ips: readonly string[]): TakersReport {
    return takersOf(this.#deps.reports, ips);
  }

  async #addresses(ips: readonly string[]): Promise<AddressesReport> {
    return { addresses: await this.#deps.askAddresses(ips) };
  }

  async #facts(ips: readonly string[]): Promise<ReplicaReport> {
    const { replica, node } = this.#self;
    const { version } = packageJson;
    const [known, kubeProxyMode] = await Promise.all([this.#deps.ask(ips), this.#kubeProxy.mode()]);
    const portProblems = [...known.portProblems, ...(this.#server?.problems ?? [])];
    const links = known.links.map((link) => link.name);
    const arp = kubeProxyMode === 'ipvs' ? await this.#arp.at(links) : undefined;
    const self = { replica, node, version, startedAt: this.#startedAt, leads: this.#deps.leads(), kubeProxyMode, arp };
    const owners = this.#owners?.now() ?? [];
    return { ...known, portProblems, beside: this.#deps.beside(), owners, ...self };
  }

  #certificateSource(): MountedCertificate | OwnCertificate {
    const { namespace, name } = this.#self;
    if (this.#options.tlsDir !== undefined) return new MountedCertificate(this.#options.tlsDir);
    const store = new ServingSecret(this.#deps.kube, { namespace, name: `${name}-api` });
    const service = `${name}-api.${namespace}`;
    return new OwnCertificate({ ...this.#deps, store }, { dnsNames: [`${service}.svc`, service, 'localhost'] });
  }

  /** The host network's name servers know no Services. */
  #kubesphere(): KsApiserverAddress | undefined {
    const { kubesphere } = this.#options;
    if (kubesphere === '') return undefined;
    if (/^https?:/.test(kubesphere)) return { url: kubesphere, isVerified: true };
    return ksApiserverAt(this.#deps.view.serviceObject(kubesphere)?.spec);
  }
}

function reviewsBy(kube: Kube): Reviews {
  return {
    authenticate: async (token): Promise<Caller | undefined> => {
      const user = await reviewToken(kube, token);
      return user === undefined ? undefined : { ...user, via: 'kubernetes' };
    },
    allows: async (caller, access) =>
      await reviewAccess(kube, caller, { group: API_GROUP, version: API_VERSION, ...access }),
  };
}
