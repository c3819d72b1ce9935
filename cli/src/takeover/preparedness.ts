import type { ApiServer } from '../reach/api-server.ts';
import { keyOf, type Workload } from './cluster.ts';

/** What a replica of PorterLB says of itself, in words; undefined: it would announce as soon as OpenELB is gone. */
export interface Unprepared {
  readonly pod: string;
  readonly why: string;
  /** The API server doesn't get through to it, so that it can't be known. */
  readonly isUnheard: boolean;
}

/** Of `/readyz`: all that keeps a replica which knows the cluster. */
const WAITS_FOR_OPENELB = /^waiting for the end of another load balancer: /;

type Pod = Workload['pods'][number];

/** Replicas that would not announce at once if OpenELB ended now. @throws {Failure} if the API server doesn't answer */
export async function unprepared(api: ApiServer, workload: Workload): Promise<Unprepared[]> {
  const { kind, object, pods } = workload;
  const wanted = kind === 'Deployment' ? (object.spec?.replicas ?? 1) : 1;
  if (pods.length < wanted) {
    return [{ pod: keyOf(object), why: `${pods.length} of ${wanted} Pods are there`, isUnheard: false }];
  }
  // One on a dead node is neither waited for nor asked.
  const known = pods.filter(({ isLost }) => isLost !== true);
  const verdicts = await Promise.all(known.map((pod) => verdict(api, object.metadata.namespace ?? '', pod)));
  return verdicts.flatMap((each) => each ?? []);
}

async function verdict(api: ApiServer, namespace: string, pod: Pod): Promise<Unprepared | undefined> {
  const { name, ready, running, metricsPort } = pod;
  const no = (why: string, isUnheard = false): Unprepared => ({ pod: `${namespace}/${name}`, why, isUnheard });
  if (ready) return undefined;
  if (!running) return no('its container does not run');
  if (metricsPort === undefined) return no('it has no port that is called metrics', true);
  const { body } = await api.call('GET', `/api/v1/namespaces/${namespace}/pods/${name}:${metricsPort}/proxy/readyz`);
  // The API server's own word for "I don't get through" is an object.
  if (typeof body !== 'string') return no('the API server does not get through to it', true);
  const reasons = body.split('\n').filter((line) => line !== '');
  const others = reasons.filter((line) => !WAITS_FOR_OPENELB.test(line));
  return others.length === 0 || others.join() === 'ok' ? undefined : no(others.join(', '));
}
