import {
  isReady,
  keyOf,
  type Cluster,
  type KubeObject,
  type PoolObject,
  type ServiceObject,
  type Webhook,
} from './cluster.ts';
import { holdingsOf, isOptedIn, isOurs, strangersToOpenelb, type Holding } from './holdings.ts';
import {
  ALLOW_SHARED,
  ASSIGNED,
  CNI_LABELS,
  CONDITIONS,
  KEEPALIVED,
  LOOK,
  NOWHERE,
  OLD_FINALIZERS,
  OUR_FINALIZERS,
  PHASE,
  RECORD,
  REPLICAS,
  SHARED_BY_TAKEOVER,
} from './keys.ts';
import { finalizersPatch, pathOf, type Action, type Finding, type Step, type TakeoverPlan } from './step.ts';
import { END_LOST_PODS, isWanted, lostPodsOf, phaseOf } from './workloads.ts';

const AGAIN = 'Run the same command again: it goes on from there.';
const STAY = 'Run the same command again to go on, or with --apply to stay with PorterLB.';
const BETWEEN = `PorterLB is stopped, and OpenELB waits. ${STAY}`;

/** All that is still to be done until OpenELB serves the cluster again, in this order; nothing where it was never taken over. */
export function rollbackPlan(cluster: Cluster): TakeoverPlan {
  const holdings = [...holdingsOf(cluster), ...strangersToOpenelb(cluster)];
  const steps = [
    hold(cluster),
    stopOurs(cluster),
    end(cluster),
    ledger(cluster, holdings),
    release(cluster),
    letGo(cluster),
    giveBack(cluster),
    restart(cluster),
    ready(cluster),
    restoreWebhooks(cluster),
    forget(cluster),
  ];
  const wanted = cluster.record === undefined ? [] : steps.filter(({ actions }) => actions.length > 0);
  return { findings: findingsOf(cluster).map(toldWhere(wanted)), steps: wanted };
}

/** Whoever meets an obstacle while nobody announces is told that, too. */
function toldWhere(steps: readonly Step[]): (finding: Finding) => Finding {
  const isBetween = steps.some(({ id }) => id === 'restart') && !steps.some(({ id }) => id === 'stopOurs');
  return (finding) =>
    isBetween && finding.kind === 'obstacle' ? { ...finding, next: `${finding.next} ${BETWEEN}` } : finding;
}

function findingsOf(cluster: Cluster): Finding[] {
  const { record, workloads, pools, manager } = cluster;
  if (record === undefined) {
    const text = `There is no record of a takeover (the ConfigMap ${RECORD}), so there is nothing to go back to.`;
    return [{ kind: 'obstacle', text, next: 'Look whether this is the cluster that you mean.', objects: [] }];
  }
  const gone = record.workloads
    .filter(({ key }) => !key.endsWith(`/${KEEPALIVED}`))
    .filter(({ key }) => !workloads.some(({ object }) => keyOf(object) === key));
  const several = pools.filter(({ spec }) => spec?.addresses !== undefined);
  const findings: readonly Finding[] = [
    {
      kind: 'obstacle',
      text: 'Workloads of OpenELB that were stopped are gone.',
      next: 'Install OpenELB again as it was, with no replica, or delete the ConfigMap if you want to stay with PorterLB.',
      objects: gone.map(({ key }) => key),
    },
    {
      // Once PorterLB is stopped its end is waited for, whatever turns up: nobody announces then.
      kind: manager !== undefined && isWanted(manager) ? 'obstacle' : 'note',
      text: 'Pods of PorterLB are on nodes that are not Ready: nobody can end them, and OpenELB would be kept waiting while nobody announces.',
      next: END_LOST_PODS,
      objects: manager === undefined ? [] : lostPodsOf(manager),
    },
    {
      kind: 'note',
      text: 'OpenELB serves no Service without its annotation: these have their address by their class or by the default pool. They keep it, and OpenELB gives it to nobody else, but nobody may announce it.',
      next: 'Annotate them before with lb.kubesphere.io/v1alpha1: openelb.',
      objects: strangersToOpenelb(cluster).map(({ key }) => key),
    },
    {
      kind: 'note',
      text: 'OpenELB reads no spec.addresses: it can not use these pools.',
      next: 'Make a pool of one range (spec.address) for each.',
      objects: several.map(keyOf),
    },
  ];
  return findings.filter(({ objects }) => objects.length > 0);
}

/** Somebody else may start replicas of PorterLB meanwhile (a GitOps tool, helm): those wait then. */
function hold({ workloads }: Cluster): Step {
  const actions = workloads
    .filter((workload) => phaseOf(workload) === 'stopped')
    .map(({ kind, object }): Action => {
      const body = { metadata: { annotations: { [PHASE]: 'returning' } } };
      return { do: 'patch', path: pathOf(kind, keyOf(object)), type: 'merge', body };
    });
  return {
    id: 'hold',
    what: 'Say that OpenELB is about to return',
    why: 'replicas of PorterLB that anybody starts from here on wait',
    actions,
    onFailure: 'PorterLB announces. Run the same command again to go on, or with --apply to stay.',
  };
}

function stopOurs({ manager }: Cluster): Step {
  const isRunning = manager !== undefined && (isWanted(manager) || manager.pods.length > 0);
  const stop = (): Action[] => {
    if (manager === undefined || !isWanted(manager)) return [];
    const { kind, object } = manager;
    const body =
      kind === 'DaemonSet'
        ? { spec: { template: { spec: { nodeSelector: NOWHERE } } } }
        : { metadata: { annotations: { [REPLICAS]: `${object.spec?.replicas ?? 1}` } }, spec: { replicas: 0 } };
    return [{ do: 'patch', path: pathOf(kind, keyOf(object)), type: 'merge', body }];
  };
  return {
    id: 'stopOurs',
    what: 'Stop PorterLB',
    why: 'two must never announce one address; it withdraws its routes, and traffic stops until OpenELB announces',
    actions: isRunning ? stop() : [],
    onFailure: STAY,
    lookAgain: true,
  };
}

function end({ manager }: Cluster): Step {
  const isThere = manager !== undefined && (isWanted(manager) || manager.pods.length > 0);
  return {
    id: 'end',
    what: 'Wait until its last Pod is gone',
    why: 'a Pod that is ending may still announce',
    actions: isThere ? [{ do: 'awaitEnd', kind: manager.kind, key: keyOf(manager.object) }] : [],
    onFailure: BETWEEN,
    lookAgain: true,
  };
}

/** OpenELB's record of who has which address. */
function usedBy(pool: PoolObject, holdings: readonly Holding[]): Record<string, string> {
  const used: Record<string, string> = {};
  for (const { key, ips, pools } of holdings) {
    for (const [i, ip] of ips.entries()) {
      if (pools[i] !== pool.metadata.name) continue;
      used[ip] = used[ip] === undefined ? key : `${used[ip]};${key}`;
    }
  }
  return used;
}

function isSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const sorted = (of: Readonly<Record<string, string>>): string => JSON.stringify(Object.entries(of).sort());
  return sorted(a) === sorted(b);
}

function ledger({ pools }: Cluster, holdings: readonly Holding[]): Step {
  const actions = pools.flatMap((pool): Action[] => {
    const before = pool.status?.used ?? {};
    const used = usedBy(pool, holdings);
    if (isSame(before, used)) return [];
    const stale = Object.fromEntries(Object.keys(before).flatMap((ip) => (ip in used ? [] : [[ip, null]])));
    const usage = Object.keys(used).length;
    const occupied = usage >= (pool.status?.poolSize ?? Infinity);
    const body = { status: { used: { ...stale, ...used }, usage, occupied } };
    return [{ do: 'patch', path: pathOf('eips', keyOf(pool), 'status'), type: 'merge', body }];
  });
  return {
    id: 'ledger',
    what: 'Write into each pool who has which address, all of them',
    why: 'OpenELB goes by that, and would give other addresses without',
    actions,
    onFailure: BETWEEN,
  };
}

function release({ services }: Cluster): Step {
  const actions = services
    .filter((service) => isOptedIn(service) && isOurs(service))
    .map((service): Action => {
      const { annotations, finalizers } = service.metadata;
      const isShared = annotations?.[ALLOW_SHARED]?.startsWith(SHARED_BY_TAKEOVER) === true;
      const hasOurs = finalizers?.includes(OUR_FINALIZERS.service) === true;
      const metadata = {
        finalizers: [OLD_FINALIZERS.loadBalancer],
        ...(hasOurs ? { '$deleteFromPrimitiveList/finalizers': [OUR_FINALIZERS.service] } : {}),
        annotations: { [ASSIGNED]: null, ...(isShared ? { [ALLOW_SHARED]: null } : {}) },
      };
      const conditions = (service.status?.conditions ?? [])
        .filter(({ type }) => Object.values(CONDITIONS).some((ours) => ours === type))
        .map(({ type }) => ({ type, $patch: 'delete' }));
      const body = { metadata, ...(conditions.length > 0 ? { status: { conditions } } : {}) };
      return { do: 'patch', path: pathOf('services', keyOf(service), 'status'), type: 'strategic', body };
    });
  return {
    id: 'release',
    what: "Swap the finalizers of Services, and take PorterLB's conditions and annotations off",
    why: 'they are OpenELB’s again',
    actions,
    onFailure: BETWEEN,
  };
}

/** What OpenELB doesn't serve keeps its record, by which PorterLB goes on with it when it comes again. */
function letGo({ services }: Cluster): Step {
  const isAnnounced = ({ status }: ServiceObject): boolean =>
    status?.conditions?.some(({ type }) => type === CONDITIONS.announced) === true;
  const actions = services
    .filter((service) => !isOptedIn(service) && isOurs(service))
    .filter((service) => isAnnounced(service) || service.metadata.finalizers?.includes(OUR_FINALIZERS.service) === true)
    .map((service): Action => {
      const metadata = { '$deleteFromPrimitiveList/finalizers': [OUR_FINALIZERS.service] };
      const status = { conditions: [{ type: CONDITIONS.announced, $patch: 'delete' }] };
      const body = { metadata, ...(isAnnounced(service) ? { status } : {}) };
      return { do: 'patch', path: pathOf('services', keyOf(service), 'status'), type: 'strategic', body };
    });
  return {
    id: 'letGo',
    what: 'Take the finalizer off Services that OpenELB will not serve',
    why: 'nobody would do it later, and they could not be deleted',
    actions,
    onFailure: BETWEEN,
  };
}

function giveBack({ pools: eips, confs, peers }: Cluster): Step {
  const put = (plural: string, objects: readonly KubeObject[], old: string): Action[] =>
    objects
      .filter(({ metadata }) => !CNI_LABELS.some((label) => metadata.labels?.[label] !== undefined))
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .flatMap((object) => {
        const change = { off: [OUR_FINALIZERS.pool], on: [old] };
        return finalizersPatch(pathOf(plural, keyOf(object)), object.metadata.finalizers, change);
      });
  return {
    id: 'giveBack',
    what: 'Swap the finalizers of Eips, BgpConfs and BgpPeers',
    why: 'they are OpenELB’s again',
    actions: [
      ...put('eips', eips, OLD_FINALIZERS.pool),
      ...put('bgpconfs', confs, OLD_FINALIZERS.loadBalancer),
      ...put('bgppeers', peers, OLD_FINALIZERS.loadBalancer),
    ],
    onFailure: BETWEEN,
  };
}

function restart({ workloads, record }: Cluster): Step {
  const actions = workloads
    .filter((workload) => phaseOf(workload) !== undefined || !isWanted(workload))
    .map(({ kind, object }): Action => {
      const key = keyOf(object);
      const replicas = record?.workloads.find((each) => each.kind === kind && each.key === key)?.replicas ?? 1;
      const none = Object.fromEntries(Object.keys(NOWHERE).map((label) => [label, null]));
      const spec = kind === 'Deployment' ? { replicas } : { template: { spec: { nodeSelector: none } } };
      const body = { metadata: { annotations: { [PHASE]: null } }, spec };
      return { do: 'patch', path: pathOf(kind, key), type: 'merge', body };
    });
  return {
    id: 'restart',
    what: 'Start OpenELB',
    why: 'it announces again',
    actions,
    onFailure: BETWEEN,
    lookAgain: true,
  };
}

function ready({ workloads, record }: Cluster): Step {
  const actions = workloads
    .filter((workload) => !isReady(workload) || phaseIs(workload.object))
    .filter(({ kind, object }) => {
      const key = keyOf(object);
      return record?.workloads.some((each) => each.kind === kind && each.key === key && each.replicas > 0) === true;
    })
    .map(({ kind, object }): Action => ({ do: 'awaitReady', kind, key: keyOf(object) }));
  return {
    id: 'ready',
    what: 'Wait until OpenELB is Ready',
    why: 'its webhooks would refuse changes before',
    actions,
    onFailure: `Look at its Pods. ${STAY}`,
  };
}

function phaseIs({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[PHASE] !== undefined;
}

function restoreWebhooks({ record, webhooks }: Cluster): Step {
  const isThere = ({ kind, object }: Webhook): boolean =>
    webhooks.some((each) => each.kind === kind && keyOf(each.object) === keyOf(object));
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const kinds = {
    mutatingwebhookconfigurations: 'MutatingWebhookConfiguration',
    validatingwebhookconfigurations: 'ValidatingWebhookConfiguration',
  } as const;
  const actions = (record?.webhooks ?? [])
    .filter((webhook) => !isThere(webhook))
    .map(({ kind, object }): Action => {
      return { do: 'create', path: `/apis/${apiVersion}/${kind}`, body: { ...object, apiVersion, kind: kinds[kind] } };
    });
  return {
    id: 'restoreWebhooks',
    what: 'Put its admission webhooks back',
    why: 'as they were',
    actions,
    onFailure: `OpenELB announces. ${AGAIN}`,
  };
}

function forget({ record, namespace, strangers }: Cluster): Step {
  const path = pathOf('configmaps', `${namespace ?? ''}/${RECORD}`);
  const allowed = strangers.flatMap((stranger): Action[] =>
    stranger.right !== 'none'
      ? ['rolebindings', 'roles'].map((plural) => ({
          do: 'delete',
          path: pathOf(plural, `${stranger.namespace}/${LOOK}`),
        }))
      : [],
  );
  return {
    id: 'forget',
    what: `Delete the ConfigMap ${RECORD}, and the right to look at OpenELB's workloads`,
    why: 'there is nothing to go back to any more',
    actions: record === undefined ? [] : [...allowed, { do: 'delete', path }],
    inOrder: true,
    onFailure: AGAIN,
  };
}
