import { isReady, keyOf, type Cluster, type KubeObject, type Workload } from './cluster.ts';
import { findingsOf } from './findings.ts';
import { assignedText, holdingsOf, isAdopted, sharedBy, type Holding } from './holdings.ts';
import {
  ALLOW_SHARED,
  ASSIGNED,
  CONDITIONS,
  HELM_ANNOTATIONS,
  HELM_LABEL,
  LOOK,
  MANAGER,
  NODE_PROXY_FINALIZERS,
  NOWHERE,
  OLD_FINALIZERS,
  OUR_FINALIZERS,
  PHASE,
  RECORD,
  REPLICAS,
  SHARED_BY_TAKEOVER,
} from './keys.ts';
import { recordObject, recordOf } from './record.ts';
import { finalizersPatch, pathOf, type Action, type Finding, type Step, type TakeoverPlan } from './step.ts';
import { isStopped, isWanted, phaseOf, stoppedByRollback } from './workloads.ts';

const AGAIN = 'Nothing is lost: run the same command again, and it goes on from there.';
const BETWEEN =
  'OpenELB is stopped or about to be, and PorterLB waits: run the same command again to go on, or with --rollback to go back.';

/** All that is still to be done, in this order, and what is in the way. A cluster that was taken over has none. @param now RFC 3339 */
export function takeoverPlan(cluster: Cluster, now: string): TakeoverPlan {
  const holdings = holdingsOf(cluster);
  const steps = [
    start(cluster),
    prepare(cluster),
    record(cluster),
    allow(cluster),
    crds(cluster),
    share(holdings),
    adopt(holdings, now),
    webhooks(cluster),
    stop(cluster),
    end(cluster),
    pools(cluster, holdings),
    go(cluster),
    finalizers(cluster),
    storage(cluster),
    ready(cluster),
  ];
  const wanted = steps.filter(({ actions }) => actions.length > 0);
  return { findings: findingsOf(cluster, holdings).map(inTime(wanted)), steps: wanted };
}

/** Once OpenELB is stopped, nothing is worth more than that somebody announces: what turns up then is told, and in nobody's way. */
function inTime(steps: readonly Step[]): (finding: Finding) => Finding {
  const isStopped = steps.some(({ id }) => id === 'go') && !steps.some(({ id }) => id === 'stop');
  return (finding) => (isStopped ? { ...finding, kind: 'note' } : finding);
}

/** After a rollback. */
function start({ manager }: Cluster): Step {
  const replicas = manager === undefined ? undefined : stoppedByRollback(manager);
  const actions = (): Action[] => {
    if (manager === undefined || replicas === undefined) return [];
    const { kind, object } = manager;
    const none = Object.fromEntries(Object.keys(NOWHERE).map((label) => [label, null]));
    const body =
      kind === 'DaemonSet'
        ? { spec: { template: { spec: { nodeSelector: none } } } }
        : { metadata: { annotations: { [REPLICAS]: null } }, spec: { replicas } };
    const path = pathOf(kind, keyOf(object));
    return [
      { do: 'patch', path, type: 'merge', body },
      { do: 'awaitStart', kind, key: keyOf(object) },
    ];
  };
  return {
    id: 'start',
    what: 'Start the replicas of PorterLB, which a rollback stopped',
    why: 'they wait beside OpenELB until that is gone',
    actions: actions(),
    inOrder: true,
    onFailure: 'Nothing was changed.',
  };
}

/** Whoever has yet to start, or to read the cluster, would keep traffic waiting once OpenELB is stopped. */
function prepare({ manager, workloads }: Cluster): Step {
  const isNeeded = manager !== undefined && workloads.some(isToStop);
  return {
    id: 'prepare',
    what: 'Wait until the replicas of PorterLB wait for nothing but the end of OpenELB',
    why: 'traffic stops from the end of the one until the other announces',
    actions: isNeeded ? [{ do: 'awaitPrepared', kind: manager.kind, key: keyOf(manager.object) }] : [],
    onFailure:
      'OpenELB announces as before. Look at the Pods of porter-manager and their logs, then run the same command again.',
  };
}

function record(cluster: Cluster): Step {
  const { namespace } = cluster;
  const isNeeded = cluster.record === undefined && cluster.workloads.some((workload) => !isStopped(workload));
  const path = `/api/v1/namespaces/${namespace ?? ''}/configmaps`;
  const body = recordObject(recordOf(cluster), namespace ?? '');
  return {
    id: 'record',
    what: `Write down what there is into the ConfigMap ${RECORD}`,
    why: 'a rollback puts it back',
    actions: isNeeded ? [{ do: 'create', path, body }] : [],
    onFailure: 'Nothing was changed.',
  };
}

/** The chart's role names the workloads that are called as usual, and no others: least rights where OpenELB never was. */
function allow({ namespace, strangers, manager }: Cluster): Step {
  const group = 'rbac.authorization.k8s.io';
  const actions = strangers.flatMap((stranger): Action[] => {
    if (stranger.right === 'whole' || manager === undefined) return [];
    const metadata = { name: LOOK, namespace: stranger.namespace };
    const resources = ['deployments', 'daemonsets'];
    const rule = { apiGroups: ['apps'], resources, resourceNames: stranger.names, verbs: ['get'] };
    const base = `/apis/${group}/v1/namespaces/${stranger.namespace}`;
    const role = { apiVersion: `${group}/v1`, kind: 'Role', metadata, rules: [rule] };
    const binding = {
      ...{ apiVersion: `${group}/v1`, kind: 'RoleBinding', metadata },
      roleRef: { apiGroup: group, kind: 'Role', name: LOOK },
      subjects: [{ kind: 'ServiceAccount', name: MANAGER, namespace }],
    };
    return [
      { do: 'create', path: `${base}/roles`, body: role, isThereAlready: 'fine' },
      { do: 'create', path: `${base}/rolebindings`, body: binding, isThereAlready: 'fine' },
    ];
  });
  return {
    id: 'allow',
    what: `Let PorterLB look at the workloads of OpenELB, which have names of their own (${LOOK})`,
    why: 'it waits for their end, and may look at those with the usual names only',
    actions,
    inOrder: true,
    onFailure: 'Nothing was changed but that.',
  };
}

/** Helm installs CRDs of a chart's crds/ without these; who has them in a release's manifest deletes them with the release. */
function crds({ crds: all }: Cluster): Step {
  const actions = all.flatMap((crd): Action[] => {
    const { labels, annotations } = crd.metadata;
    const isHelms = labels?.[HELM_LABEL] !== undefined || HELM_ANNOTATIONS.some((key) => annotations?.[key]);
    const none = Object.fromEntries(HELM_ANNOTATIONS.map((key) => [key, null]));
    const body = { metadata: { labels: { [HELM_LABEL]: null }, annotations: none } };
    const path = pathOf('customresourcedefinitions', keyOf(crd));
    return isHelms ? [{ do: 'patch', path, type: 'merge', body }] : [];
  });
  return {
    id: 'crds',
    what: "Take another release's marks of ownership off the CRDs",
    why: 'nobody but PorterLB shall manage them',
    actions,
    onFailure: AGAIN,
  };
}

/** OpenELB lets Services share an address that ask for the same one; PorterLB wants each to say so. */
function share(holdings: readonly Holding[]): Step {
  const actions = [...sharedBy(holdings)].flatMap(([ip, sharers]) => {
    const said = sharers.flatMap(({ service }) => service.metadata.annotations?.[ALLOW_SHARED] ?? [])[0];
    const key = said ?? `${SHARED_BY_TAKEOVER}${ip}`;
    return sharers
      .filter(({ service }) => service.metadata.annotations?.[ALLOW_SHARED] !== key)
      .map((sharer): Action => {
        const body = { metadata: { annotations: { [ALLOW_SHARED]: key } } };
        return { do: 'patch', path: pathOf('services', sharer.key, 'status'), type: 'strategic', body };
      });
  });
  return {
    id: 'share',
    what: `Say of Services that have one address together that they may (${ALLOW_SHARED})`,
    why: 'PorterLB shares addresses only where each Service says so',
    actions,
    onFailure: AGAIN,
  };
}

/**
 * By `/status`, as PorterLB writes it: OpenELB's webhook for Services does not hear of that. That an address has been announced is said as well: who finds
 * somebody at a new one, when it asks the link, gives the Service another (docs/layer2.md), as it might the node on which OpenELB's keepalived left it.
 */
function adopt(holdings: readonly Holding[], now: string): Step {
  const actions = holdings
    .filter((holding) => !isAdopted(holding))
    .map((holding): Action => {
      const ips = holding.ips.join(', ');
      const common = { status: 'True', lastTransitionTime: now };
      const conditions = [
        { type: CONDITIONS.allocated, ...common, reason: 'Allocated', message: `${ips}, as OpenELB gave it.` },
        { type: CONDITIONS.announced, ...common, reason: 'Announced', message: `${ips}, by OpenELB so far.` },
      ];
      const metadata = {
        finalizers: [OUR_FINALIZERS.service],
        annotations: { [ASSIGNED]: assignedText(holding) },
      };
      const body = { metadata, status: { conditions } };
      return { do: 'patch', path: pathOf('services', holding.key, 'status'), type: 'strategic', body };
    });
  return {
    id: 'adopt',
    what: 'Write into each Service that its address is its own',
    why: 'PorterLB then goes on with what each has, and gives it to nobody else',
    actions,
    onFailure: AGAIN,
  };
}

function webhooks({ webhooks: all }: Cluster): Step {
  return {
    id: 'webhooks',
    what: "Delete OpenELB's admission webhooks",
    why: 'with OpenELB stopped they would refuse every change of Eips, and those of version 0.5 of all Services',
    actions: all.map(({ kind, object }): Action => ({ do: 'delete', path: pathOf(kind, keyOf(object)) })),
    onFailure: AGAIN,
  };
}

function isToStop(workload: Workload): boolean {
  return isWanted(workload) || phaseOf(workload) === undefined;
}

/** Controllers first, so that nobody writes addresses any more when the last announcement ends. */
function stop({ workloads }: Cluster): Step {
  const running = workloads.filter(isToStop);
  const inOrder = [...running].sort((a, b) => Number(a.kind === 'DaemonSet') - Number(b.kind === 'DaemonSet'));
  const actions = inOrder.map(({ kind, object }): Action => {
    const spec = kind === 'Deployment' ? { replicas: 0 } : { template: { spec: { nodeSelector: NOWHERE } } };
    const body = { metadata: { annotations: { [PHASE]: 'stopping' } }, spec };
    return { do: 'patch', path: pathOf(kind, keyOf(object)), type: 'merge', body };
  });
  return {
    id: 'stop',
    what: 'Stop OpenELB',
    why: 'two must never announce one address; from here on traffic stops for moments',
    actions,
    onFailure: BETWEEN,
    inOrder: true,
    lookAgain: true,
  };
}

function end({ workloads }: Cluster): Step {
  const actions = workloads
    .filter((workload) => !isStopped(workload) && (workload.pods.length > 0 || isWanted(workload)))
    .map(({ kind, object }): Action => ({ do: 'awaitEnd', kind, key: keyOf(object) }));
  return {
    id: 'end',
    what: 'Wait until its last Pod is gone',
    why: 'a Pod that is ending may still announce',
    actions,
    onFailure: BETWEEN,
    lookAgain: true,
  };
}

/** Who holds an address by a pool whose rules would not give it any more keeps it, if the pool's status names him. */
function pools({ pools: all, workloads }: Cluster, holdings: readonly Holding[]): Step {
  const isOver = workloads.length > 0 ? workloads.every(isStopped) : holdings.every(isAdopted);
  const actions = all.flatMap((pool): Action[] => {
    const name = keyOf(pool);
    const holders = holdings.filter(({ pools: from }) => from.includes(name));
    const namespaces = holders.flatMap(({ service }) => service.metadata.namespace ?? []);
    const before = pool.status?.namespaces ?? [];
    const after = [...new Set([...before, ...namespaces])].sort();
    if (isOver || after.length === before.length) return [];
    const body = { status: { namespaces: after } };
    return [{ do: 'patch', path: pathOf('eips', name, 'status'), type: 'merge', body }];
  });
  return {
    id: 'pools',
    what: 'Write into each pool whose Services hold addresses',
    why: 'they keep them, also where the pool would give them none today',
    actions,
    onFailure: BETWEEN,
  };
}

function go({ workloads }: Cluster): Step {
  const actions = workloads
    .filter((workload) => phaseOf(workload) !== 'stopped')
    .map(({ kind, object }): Action => {
      const body = { metadata: { annotations: { [PHASE]: 'stopped' } } };
      return { do: 'patch', path: pathOf(kind, keyOf(object)), type: 'merge', body };
    });
  return {
    id: 'go',
    what: 'Say that OpenELB is stopped',
    why: 'the replicas of PorterLB wait for that, and begin to announce within a second',
    actions,
    onFailure: BETWEEN,
  };
}

function finalizers({ services, pools: eips, confs, peers }: Cluster): Step {
  const off = [OLD_FINALIZERS.loadBalancer, OLD_FINALIZERS.pool, ...NODE_PROXY_FINALIZERS];
  const of = (plural: string, objects: readonly KubeObject[]): Action[] =>
    objects
      .filter(({ metadata }) => metadata.finalizers?.some((each) => off.some((old) => old === each)))
      .flatMap((object) => finalizersPatch(pathOf(plural, keyOf(object)), object.metadata.finalizers, { off, on: [] }));
  return {
    id: 'finalizers',
    what: "Take OpenELB's finalizers off",
    why: 'nobody would do it later, and objects and namespaces could not be deleted',
    actions: [...of('services', services), ...of('eips', eips), ...of('bgpconfs', confs), ...of('bgppeers', peers)],
    onFailure: 'PorterLB announces. Run the same command again for the rest.',
  };
}

/** A write that changes nothing stores an object anew where it was stored in another version. */
function storage({ crds: all, pools: eips, confs, peers }: Cluster): Step {
  const objects: Readonly<Record<string, readonly KubeObject[]>> = {
    ...{ eips, bgpconfs: confs, bgppeers: peers },
  };
  const actions = all.flatMap((crd): Action[] => {
    const stored = crd.spec?.versions?.find(({ storage: isStored }) => isStored)?.name;
    if (stored === undefined || crd.status?.storedVersions?.every((version) => version === stored) !== false) return [];
    const plural = keyOf(crd).split('.')[0] ?? '';
    const rewrites = (objects[plural] ?? []).map((object): Action => {
      return { do: 'patch', path: pathOf(plural, keyOf(object)), type: 'merge', body: {} };
    });
    const path = pathOf('customresourcedefinitions', keyOf(crd), 'status');
    return [...rewrites, { do: 'patch', path, type: 'merge', body: { status: { storedVersions: [stored] } } }];
  });
  return {
    id: 'storage',
    what: 'Have objects stored in the version of today, and v1alpha1 struck off',
    why: 'a CRD can not drop a version in which objects may be stored',
    actions,
    inOrder: true,
    onFailure: 'PorterLB announces. Run the same command again for the rest.',
  };
}

function ready({ manager, workloads }: Cluster): Step {
  const isNews = manager !== undefined && !(isReady(manager) && workloads.every(isStopped));
  return {
    id: 'ready',
    what: 'Wait until the replicas of PorterLB are Ready',
    why: 'they announce then',
    actions: isNews ? [{ do: 'awaitReady', kind: manager.kind, key: keyOf(manager.object) }] : [],
    onFailure:
      'Look at the Pods of porter-manager and their logs. What is not announced is told by kubectl porterlb status; --rollback goes back.',
  };
}
