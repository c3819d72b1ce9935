import type * as kinds from '../../cluster/kinds.ts';
import { LOAD_BALANCER_CLASS } from '../../domain/service.ts';

/** Services as users and other controllers see them, in all combinations of what can stand in them. */

/** As they are on the wire; spelt out, since they are what users and other controllers see. */
export const CLEANUP = 'service.kubernetes.io/load-balancer-cleanup';
export const RECORD = 'lb.kubesphere.io/assigned';
export const POOL_LABEL = 'eip.openelb.kubesphere.io/v1alpha2';
export const ALLOCATED = 'network.kubesphere.io/Allocated';
export const ANNOUNCED = 'network.kubesphere.io/Announced';

export const OURS = '192.0.2.7';
const ANOTHERS = '203.0.113.9';
export const SINCE = '2025-12-01T08:00:00Z';
export const NOW = new Date('2026-01-01T00:00:00Z');

const INGRESSES = {
  none: undefined,
  ours: [{ ip: OURS, ipMode: 'VIP' }],
  anothers: [{ ip: ANOTHERS }],
  name: [{ hostname: 'elb.example.com' }],
} as const;

const CLASSES = { ours: LOAD_BALANCER_CLASS, none: undefined, foreign: 'example.com/lb' } as const;

/** What stands in a Service, and what becomes of it. */
export interface Case {
  readonly condition: 'absent' | 'False' | 'True';
  readonly finalizer: boolean;
  readonly record: boolean;
  readonly ingress: keyof typeof INGRESSES;
  readonly lbClass: keyof typeof CLASSES;
  /** `room`: the default pool has addresses; `full`: another Service holds them all; `no default`: no pool is marked as default. */
  readonly situation: 'room' | 'full' | 'no default' | 'ClusterIP' | 'deleted';
}

function times<C, K extends string, V>(cases: readonly C[], key: K, values: readonly V[]): (C & Record<K, V>)[] {
  return cases.flatMap((given) => values.map((value) => ({ ...given, [key]: value }) as C & Record<K, V>));
}

function allCases(): readonly Case[] {
  const conditions = times([{}], 'condition', ['absent', 'False', 'True'] as const);
  const finalizers = times(conditions, 'finalizer', [false, true]);
  const records = times(finalizers, 'record', [false, true]);
  const ingresses = times(records, 'ingress', ['none', 'ours', 'anothers', 'name'] as const);
  const classes = times(ingresses, 'lbClass', ['ours', 'none', 'foreign'] as const);
  return times(classes, 'situation', ['room', 'full', 'no default', 'ClusterIP', 'deleted'] as const);
}

export const ALL = allCases();

export function theirCondition(type: string): NonNullable<NonNullable<kinds.Service['status']>['conditions']>[number] {
  return { type, status: 'True', reason: 'Theirs', message: 'Theirs.', lastTransitionTime: SINCE };
}

function conditionsOf({ condition }: Case): ReturnType<typeof theirCondition>[] {
  const ours = { ...theirCondition(ALLOCATED), status: condition, reason: 'PoolFull', message: 'Of another time.' };
  const announced = { ...theirCondition(ANNOUNCED), status: condition, reason: 'NoEndpoints' };
  return [theirCondition('example.com/Healthy'), ...(condition === 'absent' ? [] : [ours, announced])];
}

function metadataOf({ finalizer, record, condition, situation }: Case): NonNullable<kinds.Service['metadata']> {
  return {
    name: 'web',
    namespace: 'shop',
    finalizers: ['example.com/theirs', ...(finalizer ? [CLEANUP] : [])],
    labels: { app: 'web', ...(record || condition === 'True' ? { [POOL_LABEL]: 'default' } : {}) },
    annotations: { 'example.com/note': 'theirs', ...(record ? { [RECORD]: `default=${OURS}` } : {}) },
    ...(situation === 'deleted' ? { deletionTimestamp: NOW.toISOString() } : {}),
  };
}

export function objectOf(given: Case): kinds.Service {
  const type = given.situation === 'ClusterIP' ? 'ClusterIP' : 'LoadBalancer';
  const loadBalancerClass = type === 'LoadBalancer' ? CLASSES[given.lbClass] : undefined;
  const ingress = INGRESSES[given.ingress];
  return {
    metadata: metadataOf(given),
    spec: { type, ipFamilies: ['IPv4'], ...(loadBalancerClass === undefined ? {} : { loadBalancerClass }) },
    status: { loadBalancer: ingress === undefined ? {} : { ingress }, conditions: conditionsOf(given) },
  };
}
