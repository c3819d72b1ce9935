import type { Service } from '../domain/service.ts';
import type { Clock } from '../platform/ports.ts';
import type { Context, Handlers } from './app.ts';
import { AddressLists } from './caches/address-lists.ts';
import { AllocationCache } from './caches/allocation-cache.ts';
import { Problem, tooMany } from './errors.ts';
import { shareOf } from './identity/caller.ts';
import { atMost } from './invalid.ts';
import type { Reading } from './model/audience.ts';
import { explain, needsAllocation } from './model/explanation.ts';
import { listedAddresses, listedServices, wordsForList } from './model/listed-services.ts';
import { nodeAnswers } from './model/nodes.ts';
import { overviewAnswer } from './model/overview.ts';
import { peerAnswer, peerNames, peerSummary } from './model/peers.ts';
import type { ClusterPicture } from './model/picture.ts';
import { preflightAnswer } from './model/preflight.ts';
import { simulate, simulationFor } from './model/simulation.ts';
import { poolAnswer, poolNames, poolSummary } from './model/pools.ts';
import { replicasAnswer, versionAnswer } from './model/replicas.ts';
import { serviceAnswer } from './model/services.ts';
import { Overviews } from './caches/overviews.ts';
import { page, type Columns, type Page } from './page.ts';
import { Queue } from './queue.ts';
import { RateLimit } from './rate-limit.ts';
import { wordsOfAddresses, type AddressesReport } from './replicas/addresses.ts';
import type { Gather } from './replicas/gather.ts';
import { wordsOfTakers, type TakersReport } from './replicas/takers.ts';
import type { ListQuery } from './schemas/list.ts';
import type { NodeAnswer } from './schemas/node.ts';
import type { Overview } from './schemas/overview.ts';
import type { PeerSummary } from './schemas/peer.ts';
import type { PoolAddress, PoolSummary } from './schemas/pool.ts';
import type { Replica } from './schemas/replica.ts';
import type { ListedService } from './schemas/service.ts';
import { inSlices } from './slices.ts';
import type { Language, Texts } from './texts.ts';
import { besideOthers, masked, withinNamespace } from './visibility.ts';

export interface HandlersDeps {
  readonly clock: Clock;
  readonly picture: ClusterPicture;
  readonly gather: Gather;
  /** For what is told of single addresses. */
  readonly gatherAddresses: Gather<AddressesReport>;
  /** For lists of Services. */
  readonly gatherTakers: Gather<TakersReport>;
}

const NO_LABELS = {};

function found<T>(value: T | undefined, kind: string, name: string): T {
  if (value === undefined) throw new Problem('ObjectNotFound', { params: { kind, name } });
  return value;
}

function poolColumns({ view }: ClusterPicture): Columns<PoolSummary> {
  return {
    name: ({ name }) => name,
    labels: ({ name }) => view.poolObject(name)?.metadata?.labels ?? NO_LABELS,
    sort: {
      createTime: ({ createdAt }) => createdAt,
      priority: ({ priority }) => priority,
      used: ({ use }) => use.used,
      size: ({ use }) => use.size.padStart(40, '0'),
    },
  };
}

function peerColumns({ view }: ClusterPicture): Columns<PeerSummary> {
  return {
    name: ({ name }) => name,
    labels: ({ name }) => view.peerObject(name)?.metadata?.labels ?? NO_LABELS,
    sort: { createTime: ({ createdAt }) => createdAt, established: ({ established }) => established },
  };
}

const ADDRESS_COLUMNS: Columns<PoolAddress> = {
  name: ({ ip }) => ip,
  labels: () => NO_LABELS,
  // By name means in the order of addresses.
  sorted: true,
  sort: { createTime: ({ since }) => since ?? '', state: ({ state }) => state },
};

function nodeColumns({ view }: ClusterPicture): Columns<NodeAnswer> {
  return {
    name: ({ name }) => name,
    labels: ({ name }) => view.nodes.get(name)?.labels ?? NO_LABELS,
    sort: {
      createTime: ({ name }) => view.nodeObject(name)?.metadata?.creationTimestamp ?? '',
      verdict: ({ verdict }) => verdict,
    },
  };
}

/** Only the Services of one page are made into answers. */
const SERVICE_COLUMNS: Columns<Service> = {
  name: ({ name, namespace }) => `${name} ${namespace}`,
  labels: ({ labels }) => labels,
  sorted: true,
  sort: { createTime: ({ createdAt }) => createdAt, namespace: ({ namespace, name }) => `${namespace} ${name}` },
};

type ServicePage = Page<ListedService> & { readonly replicas: Replica[] };

function pageOfServices(services: readonly Service[], { name, ...rest }: ListQuery): Page<Service> {
  const balancers = name === undefined ? services : services.filter((service) => service.name.includes(name));
  return page(balancers, rest, SERVICE_COLUMNS);
}

/**
 * One page, once replicas have said who takes the traffic of its Services: what is made of it depends on who reads it. Its Services are those
 * of the moment when it is made: of an address that replicas were not asked of, it is not known.
 * @param now all of which it is a page; the same object while none is another one
 */
async function servicePage(
  now: () => readonly Service[],
  query: ListQuery,
  { picture, gather, gatherTakers }: HandlersDeps,
): Promise<(reading: Reading) => ServicePage> {
  const services = now();
  const asked = pageOfServices(services, query);
  const takersOf = wordsOfTakers(gatherTakers, listedAddresses(asked.items));
  const [words, takers] = await Promise.all([gather.all(), takersOf]);
  const said = wordsForList({ words, takers });
  return (reading) => {
    const current = now();
    const { items, totalItems } = current === services ? asked : pageOfServices(current, query);
    return {
      items: listedServices(items, { picture, words, takers, ...reading }),
      totalItems,
      replicas: replicasAnswer(said, reading.texts),
    };
  };
}

type Part<Id extends keyof Handlers> = Pick<Handlers, Id>;

function ofPools(deps: HandlersDeps): Part<'listPools' | 'getPool' | 'listPoolAddresses'> {
  const { picture } = deps;
  const lists = new AddressLists(deps);
  return {
    listPools: async ({ query }, { texts, admitted }) => {
      return await masked(admitted, (audience) => {
        const all = poolNames(picture).flatMap((name) => poolSummary(name, picture, { texts, audience }) ?? []);
        return page(all, query, poolColumns(picture));
      });
    },
    getPool: async ({ params: { name } }, { texts, admitted }) => {
      return await masked(admitted, (audience) => found(poolAnswer(name, picture, { texts, audience }), 'Eip', name));
    },
    listPoolAddresses: async ({ params: { name }, query }, { admitted }) => {
      found(picture.view.poolObject(name), 'Eip', name);
      const { items, complete } = lists.of(name);
      const wanted = items.filter(({ state }) => query.state === undefined || state === query.state);
      const shown = page(wanted, query, ADDRESS_COLUMNS);
      return await masked(admitted, (audience) => {
        const services = (keys: PoolAddress['services']): PoolAddress['services'] =>
          keys.map((key) => (key !== null && audience.sees(key.slice(0, key.indexOf('/'))) ? key : null));
        return {
          ...shown,
          items: shown.items.map((item) => ({ ...item, services: services(item.services) })),
          complete,
        };
      });
    },
  };
}

function ofPeersAndNodes({ picture, gather }: HandlersDeps): Part<'listPeers' | 'getPeer' | 'listNodes'> {
  return {
    listPeers: async ({ query }, { texts }) => {
      const words = await gather.all();
      const all = peerNames(picture).flatMap((name) => peerSummary(name, { picture, words, texts }) ?? []);
      return { ...page(all, query, peerColumns(picture)), replicas: replicasAnswer(words, texts) };
    },
    getPeer: async ({ params: { name } }, { texts }) => {
      found(picture.view.peerObject(name), 'BgpPeer', name);
      return found(peerAnswer(name, { picture, words: await gather.all(), texts }), 'BgpPeer', name);
    },
    listNodes: async ({ query }, { texts }) => {
      const words = await gather.all();
      const shown = page(nodeAnswers(picture, words, texts), query, nodeColumns(picture));
      return { ...shown, replicas: replicasAnswer(words, texts) };
    },
  };
}

type ServiceRoutes = 'listServices' | 'listNamespacedServices' | 'getService' | 'explainService';

function ofServices(deps: HandlersDeps): Part<ServiceRoutes> {
  const { clock, picture } = deps;
  const { view } = picture;
  const allocations = new AllocationCache({ clock, picture });
  const serviceOf = (namespace: string, name: string): Service => {
    const key = `${namespace}/${name}`;
    return found(view.services.get(key), 'Service', key);
  };
  const reading = async (namespace: string, { texts, admitted }: Context): Promise<Reading> => {
    return { texts, audience: await besideOthers(admitted, namespace) };
  };
  const wordsOf = ({ recorded, claims }: Service): ReturnType<Gather['all']> =>
    wordsOfAddresses(deps, claims ? recorded.map(({ ip }) => ip) : []);
  return {
    listServices: async ({ query }, { texts, admitted }) => {
      const answer = await servicePage(() => picture.index.sorted, query, deps);
      return await masked(admitted, (audience) => answer({ texts, audience }));
    },
    listNamespacedServices: async ({ params: { namespace }, query }, { texts, admitted }) => {
      const answer = await servicePage(() => picture.index.inNamespace(namespace), query, deps);
      return answer({ texts, audience: await withinNamespace(admitted, namespace) });
    },
    getService: async ({ params: { namespace, name } }, context) => {
      const service = serviceOf(namespace, name);
      return serviceAnswer(service, picture, {
        ...(await reading(namespace, context)),
        words: await wordsOf(service),
      });
    },
    explainService: async ({ params: { namespace, name } }, context) => {
      const service = serviceOf(namespace, name);
      const needed = needsAllocation(service, picture);
      const [words, allocation] = [await wordsOf(service), needed ? await allocations.now() : undefined];
      return explain(service, { ...(await reading(namespace, context)), ...{ picture, words, allocation } });
    },
  };
}

/** Simulations of one caller: each goes through all addresses. */
const SIMULATIONS = { burst: 10, perSecond: 0.5 };

/** Of all callers, and of one. */
const SIMULATION_QUEUE = { maxWaiting: 8, maxPerCaller: 2 };

function ofTheFuture(deps: HandlersDeps): Part<'simulate' | 'getPreflight'> {
  const { clock, picture, gather } = deps;
  const limit = new RateLimit(deps, SIMULATIONS);
  const queue = new Queue(SIMULATION_QUEUE);
  return {
    simulate: async ({ body }, { admitted, signal, texts }) => {
      const caller = shareOf(admitted.caller);
      const seconds = limit.take(caller);
      if (seconds !== undefined) throw tooMany(seconds);
      const [words, now] = [await gather.all(), clock.wallTime().getTime()];
      const answer = await queue.run(caller, signal, async () => {
        return await inSlices(deps, simulate(body, { picture, words, now, texts }), signal);
      });
      if ('causes' in answer) throw new Problem('InvalidBody', { causes: atMost(answer.causes, 'body') });
      return await masked(admitted, (audience) => simulationFor(answer, audience));
    },
    getPreflight: async (_call, { texts, admitted }) => {
      const words = await gather.all();
      return await masked(admitted, (audience) => preflightAnswer({ picture, words, texts, audience }));
    },
  };
}

/** What answers each route: gathers what is needed, and leaves the answer to a function of that. */
export function handlers(deps: HandlersDeps): Handlers {
  const { picture, gather } = deps;
  const overviews = new Map<Language, Overviews<Overview>>();
  const overviewsIn = (texts: Texts): Overviews<Overview> => {
    const made =
      overviews.get(texts.language) ??
      new Overviews((words, audience) => overviewAnswer(picture, words, { texts, audience }));
    overviews.set(texts.language, made);
    return made;
  };
  return {
    getVersion: async (_call, { texts }) => versionAnswer(await gather.all(), texts),
    getOverview: async (_call, { texts, admitted }) => await overviewsIn(texts).of(await gather.all(), admitted),
    ...ofTheFuture(deps),
    ...ofPools(deps),
    ...ofPeersAndNodes(deps),
    ...ofServices(deps),
  };
}
