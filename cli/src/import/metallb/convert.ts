import { parseAddress } from './addresses.ts';
import { bgpAdvertisement, l2Advertisement, type BgpAdvertisement, type L2Advertisement } from './advertisements.ts';
import { aliasesOf } from './communities.ts';
import { Fields, isRecord, type AnyObject } from './fields.ts';
import { Findings, KINDS, type Finding } from './finding.ts';
import { API_VERSION, type Manifest } from './manifest.ts';
import { importPeer, ownAs } from './peers.ts';
import { importPool, priorityOf, type ImportedPool } from './pools.ts';
import { classesOf, importService, isMetalLbs, tellSharedAcross, viewOf, type ServiceView } from './services.ts';

/** What is to be applied, and what has to be known of it. */
export interface Import {
  /** In the order in which they are best applied: Services ask before the pools are there, so that nobody gets their addresses. */
  readonly objects: readonly Manifest[];
  readonly findings: readonly Finding[];
  /** Which object became which. */
  readonly carried: readonly { readonly from: string; readonly to: string }[];
  readonly services: number;
}

const GROUP = 'metallb.io';
const STATUS_KINDS = ['ServiceL2Status', 'ServiceBGPStatus', 'ConfigurationState'];

/** Objects by kind; those of MetalLB of which only one kind of each name counts. */
class Objects {
  readonly #byKind = new Map<string, Fields[]>();
  readonly services: ServiceView[];

  constructor(all: readonly AnyObject[], findings: Findings) {
    for (const object of all) this.#sort(object, findings);
    this.services = all.flatMap((object) => (object.kind === 'Service' ? (viewOf(object) ?? []) : []));
  }

  of(kind: string): readonly Fields[] {
    return this.#byKind.get(kind) ?? [];
  }

  get all(): readonly Fields[] {
    return [...this.#byKind.values()].flat();
  }

  #sort(object: AnyObject, findings: Findings): void {
    if (object.kind === 'Service' && object.apiVersion === 'v1') return;
    const fields = new Fields(object);
    const remark = remarkOn(object, fields.name);
    if (remark !== undefined) return findings.add({ object: fields.label, ...remark });
    if (!isKnown(object)) return;
    const known = this.of(String(object.kind));
    if (known.some(({ name }) => name === fields.name)) {
      const why = `there is another one of that name, of namespace ${fields.namespace}: names are the cluster's here, and the first counts`;
      return findings.add({
        kind: 'todo',
        object: fields.label,
        why,
        next: 'Import those of the namespace that MetalLB runs in.',
      });
    }
    this.#byKind.set(String(object.kind), [...known, fields]);
  }
}

const KNOWN = ['IPAddressPool', 'L2Advertisement', 'BGPAdvertisement', 'BGPPeer', 'BFDProfile', 'Community'];

function isKnown({ apiVersion, kind }: AnyObject): boolean {
  return typeof apiVersion === 'string' && apiVersion.startsWith(`${GROUP}/`) && KNOWN.includes(String(kind));
}

/** On what is none of the kinds that are converted. */
function remarkOn(object: AnyObject, name: string): Omit<Finding, 'object'> | undefined {
  const [apiVersion, kind] = [String(object.apiVersion), String(object.kind)];
  if (isKnown(object)) return undefined;
  if (apiVersion.startsWith(`${GROUP}/`) && STATUS_KINDS.includes(kind))
    return { kind: 'unneeded', why: 'is what MetalLB reports, no configuration' };
  // What MetalLB makes of its own objects, by node.
  if (kind === 'FRRConfiguration' && name.startsWith('metallb-')) return undefined;
  const isFrr = kind === 'FRRConfiguration' || (kind === 'ConfigMap' && name === 'bgpextras');
  const why = isFrr ? 'is configuration of FRR, which does not run here' : 'is of a kind that is not known here';
  return { kind: 'lost', why, next: 'Look up what it does, and whether you need it.' };
}

/** Labels and annotations say who manages an object (Helm, Argo CD), which would be wrong of ours. */
function tellMetadata(fields: Fields, findings: Findings): void {
  const keys = [...Object.keys(fields.labels), ...Object.keys(fields.annotations)];
  const told = keys.filter((key) => !key.startsWith('kubectl.kubernetes.io/'));
  if (told.length === 0) return;
  const why = `labels and annotations stay behind: ${told.join(', ')}`;
  findings.add({ kind: 'unneeded', object: fields.label, field: 'metadata', why });
}

/** The AS number that most peers have as ours. */
function commonAs(peers: readonly Fields[]): number | undefined {
  const counts = new Map<number, number>();
  for (const as of peers.flatMap((peer) => ownAs(peer) ?? [])) counts.set(as, (counts.get(as) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, m]) => m - n || a - b)[0]?.[0];
}

/** One for all peers on all nodes. */
function commonRouterId(peers: readonly Fields[]): string | undefined {
  const ids = new Set(peers.map((peer) => peer.text('spec', 'routerID') ?? ''));
  const isForAllNodes = peers.every((peer) => peer.items('spec', 'nodeSelectors').length === 0);
  const [only = ''] = ids;
  const isIdentifier = parseAddress(only)?.family === 'ipv4' && only !== '0.0.0.0';
  return ids.size === 1 && isIdentifier && isForAllNodes ? only : undefined;
}

function importBgp(objects: Objects, bgp: readonly BgpAdvertisement[], findings: Findings): Manifest[] {
  const peers = objects.of('BGPPeer');
  const as = commonAs(peers);
  const routerId = commonRouterId(peers);
  const profiles = new Map(objects.of('BFDProfile').map((fields) => [fields.name, fields]));
  const named = new Set(bgp.flatMap((each) => each.peers));
  for (const name of named) {
    if (peers.some((peer) => peer.name === name)) continue;
    const object = bgp.filter((each) => each.peers.includes(name)).map(({ fields }) => fields.label)[0] ?? '';
    findings.add({
      kind: 'lost',
      object,
      field: 'spec.peers',
      why: `there is no BGPPeer ${name} among what is imported`,
    });
  }
  const imported = peers.flatMap(
    (fields) => importPeer(fields, { profiles, as, routerId, isNamed: (name) => named.has(name), findings }) ?? [],
  );
  tellUnusedProfiles(objects, findings);
  if (as === undefined) return imported;
  const spec = { as, ...(routerId === undefined ? {} : { routerId }) };
  return [{ apiVersion: API_VERSION, kind: 'BgpConf', metadata: { name: 'default' }, spec }, ...imported];
}

function tellUnusedProfiles(objects: Objects, findings: Findings): void {
  const used = new Set(objects.of('BGPPeer').map((peer) => peer.text('spec', 'bfdProfile')));
  for (const profile of objects.of('BFDProfile').filter(({ name }) => !used.has(name))) {
    profile.take('spec');
    findings.add({ kind: 'unneeded', object: profile.label, why: 'no BGPPeer names it' });
  }
}

interface Advertisements {
  readonly l2: readonly L2Advertisement[];
  readonly bgp: readonly BgpAdvertisement[];
}

function advertisementsOf(objects: Objects, findings: Findings): Advertisements {
  const pools = objects.of('IPAddressPool');
  const aliases = aliasesOf(objects.of('Community'), findings);
  return {
    l2: objects.of('L2Advertisement').map((fields) => l2Advertisement(fields, pools, findings)),
    bgp: objects.of('BGPAdvertisement').map((fields) => bgpAdvertisement(fields, { pools, aliases, findings })),
  };
}

function tellEmpty({ name }: ImportedPool, findings: Findings): false {
  const why = 'has no range that can be used: it is left out';
  findings.add({
    kind: 'todo',
    object: `IPAddressPool ${name}`,
    field: 'spec.addresses',
    why,
    next: 'Write an Eip for it.',
  });
  return false;
}

function importPools(objects: Objects, { l2, bgp }: Advertisements, findings: Findings): ImportedPool[] {
  const all = objects.of('IPAddressPool');
  const lastPriority = Math.max(0, ...all.map(priorityOf)) + 1;
  const held = objects.services.flatMap(({ ips }) => ips);
  const pools = all
    .map((fields) => importPool(fields, { l2, bgp, held, lastPriority, findings }))
    .filter((pool) => pool.ranges.entries.length > 0 || tellEmpty(pool, findings));
  const isAutomatic = pools.some((pool) => pool.isAutomatic);
  if (isAutomatic && !pools.some(({ isDefault }) => isDefault)) {
    const why = 'no pool is for everybody, so new Services are served only if they say so';
    const next =
      'Give them spec.loadBalancerClass: lb.kubesphere.io/porter, or the annotation lb.kubesphere.io/v1alpha1: porter.';
    findings.add({ kind: 'changed', object: 'All IPAddressPools', why, next });
  }
  return pools;
}

function importServices(objects: Objects, pools: readonly ImportedPool[], findings: Findings): Manifest[] {
  const classes = classesOf(objects.services, pools);
  const mine = objects.services.filter((service) => isMetalLbs(service, pools, classes));
  tellSharedAcross(mine, findings);
  for (const service of objects.services.filter((each) => !mine.includes(each) && !each.isOurs)) {
    const isWaiting = service.ips.length === 0 && service.loadBalancerClass === undefined;
    const why = isWaiting
      ? 'waits for an address, and may wait for MetalLB: it gets one here if there is a default pool'
      : 'is served by another load balancer, as far as can be seen, and left to it';
    findings.add({ kind: isWaiting ? 'changed' : 'unneeded', object: service.label, why });
  }
  return mine.map((service) => importService(service, { pools, findings }));
}

/** Each once: a BFDProfile that three peers name is told about once. */
function inOrder(findings: readonly Finding[]): Finding[] {
  const once = new Map(findings.map((finding) => [JSON.stringify(finding), finding]));
  return [...once.values()].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
}

function becomes(objects: Objects, manifests: readonly Manifest[]): Import['carried'] {
  const find = (kind: string, name: string): string[] =>
    manifests.filter((each) => each.kind === kind && each.metadata.name === name).map(() => `${kind} ${name}`);
  const pairs = (from: string, to: string): Import['carried'] =>
    objects.of(from).flatMap(({ label, name }) => find(to, name).map((text) => ({ from: label, to: text })));
  return [...pairs('IPAddressPool', 'Eip'), ...pairs('BGPPeer', 'BgpPeer')];
}

/** What becomes of MetalLB's objects and of its Services. A function of nothing else. */
export function importMetalLb(given: readonly unknown[]): Import {
  const findings = new Findings();
  const objects = new Objects(given.filter(isRecord), findings);
  const advertisements = advertisementsOf(objects, findings);
  const pools = importPools(objects, advertisements, findings);
  const routing = importBgp(objects, advertisements.bgp, findings);
  const services = importServices(objects, pools, findings);
  for (const fields of objects.all) {
    fields.tellRest(findings);
    tellMetadata(fields, findings);
  }
  const manifests = [...services, ...pools.map(({ manifest }) => manifest), ...routing];
  return {
    objects: manifests,
    findings: inOrder(findings.all),
    carried: becomes(objects, manifests),
    services: services.length,
  };
}
