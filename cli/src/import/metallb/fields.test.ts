import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { importMetalLb } from './convert.ts';
import { isRecord, pathText, type AnyObject, type Path } from './fields.ts';
import type { Finding } from './finding.ts';
import { EVERYTHING, metalLb } from './testing/objects.ts';

/** MetalLB's API reference, versions 0.13 to 0.16 and what was merged after that: every field of every kind that is configuration. */
const API: Readonly<Record<string, readonly string[]>> = {
  IPAddressPool: [
    ...['addresses', 'autoAssign', 'avoidBuggyIPs', 'serviceAllocation.priority', 'serviceAllocation.namespaces'],
    ...['serviceAllocation.namespaceSelectors', 'serviceAllocation.serviceSelectors'],
  ],
  L2Advertisement: [
    ...['ipAddressPools', 'ipAddressPoolSelectors', 'nodeSelectors', 'interfaces', 'serviceSelectors'],
    'preferredNodeSelectors',
  ],
  BGPAdvertisement: [
    ...['aggregationLength', 'aggregationLengthV6', 'localPref', 'communities', 'ipAddressPools'],
    ...['ipAddressPoolSelectors', 'nodeSelectors', 'peers', 'serviceSelectors'],
  ],
  BGPPeer: [
    ...['myASN', 'peerASN', 'localASN', 'dynamicASN', 'peerAddress', 'interface', 'sourceAddress', 'peerPort'],
    ...['holdTime', 'keepaliveTime', 'connectTime', 'routerID', 'nodeSelectors', 'password', 'passwordSecret.name'],
    ...['passwordSecret.namespace', 'bfdProfile', 'enableGracefulRestart', 'ebgpMultiHop', 'vrf', 'disableMP'],
    'dualStackAddressFamily',
  ],
  BFDProfile: [
    ...[
      'receiveInterval',
      'transmitInterval',
      'detectMultiplier',
      'echoInterval',
      'echoMode',
      'passiveMode',
      'minimumTtl',
    ],
  ],
  Community: ['communities'],
};

function leaves(value: unknown, path: Path): Path[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => leaves(item, [...path, i]));
  if (isRecord(value)) return Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]));
  return [path];
}

/** The object without what is at a path. */
function without(value: unknown, [key, ...rest]: Path): unknown {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.flatMap((item, i) => (i !== key ? [item] : rest.length === 0 ? [] : [without(item, rest)]));
  }
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) =>
      name !== key ? [[name, item]] : rest.length === 0 ? [] : [[name, without(item, rest)]],
    ),
  );
}

function labelOf(object: AnyObject): string {
  return `${String(object.kind)} ${String(isRecord(object.metadata) ? object.metadata['name'] : '')}`;
}

/** A finding about a field names it, or what it is part of. */
function names({ object, field }: Finding, label: string, path: string): boolean {
  return (
    object === label &&
    field !== undefined &&
    (path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`))
  );
}

describe('an import from MetalLB leaves no field behind in silence:', () => {
  it('the objects of these tests have every field of the API', () => {
    for (const [kind, fields] of Object.entries(API)) {
      const specs = EVERYTHING.filter((object) => object.kind === kind).map((object) => object['spec']);
      const present = new Set(specs.flatMap((spec) => leaves(spec, [])).map(pathText));
      for (const field of fields)
        assert.ok(
          [...present].some((path) => path === field || path.startsWith(`${field}[`)),
          `${kind} ${field}`,
        );
    }
  });

  const whole = importMetalLb(EVERYTHING);

  for (const object of EVERYTHING) {
    for (const path of leaves(object['spec'], ['spec'])) {
      it(`${labelOf(object)} ${pathText(path)} is carried over or named`, () => {
        const rest = importMetalLb(
          EVERYTHING.map((each) => (each === object ? (without(each, path) as AnyObject) : each)),
        );
        const isCarried = JSON.stringify(rest.objects) !== JSON.stringify(whole.objects);
        const isNamed = whole.findings.some((finding) => names(finding, labelOf(object), pathText(path)));
        const isTold = JSON.stringify(rest.findings) !== JSON.stringify(whole.findings);
        assert.ok(isCarried || isTold || isNamed);
      });
    }
  }

  /** Where a key is data rather than a field. */
  const isMap = (path: Path): boolean => path.at(-1) === 'matchLabels';

  function records(value: unknown, path: Path): Path[] {
    if (Array.isArray(value)) return value.flatMap((item, i) => records(item, [...path, i]));
    if (!isRecord(value)) return [];
    const own = isMap(path) ? [] : [path];
    return [...own, ...Object.entries(value).flatMap(([key, item]) => records(item, [...path, key]))];
  }

  function withField(value: unknown, [key, ...rest]: Path, added: Record<string, unknown>): unknown {
    if (key === undefined) return { ...(value as object), ...added };
    if (Array.isArray(value)) return value.map((item: unknown, i) => (i === key ? withField(item, rest, added) : item));
    return { ...(value as object), [key]: withField((value as Record<string, unknown>)[key], rest, added) };
  }

  it('what no version known here has is named, wherever it stands', () => {
    const places = EVERYTHING.flatMap((object) => records(object['spec'], ['spec']).map((path) => ({ object, path })));
    const values = fc.oneof(
      fc.integer(),
      fc.boolean(),
      fc.string({ minLength: 1 }),
      fc.record({ deep: fc.constant([1]) }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.stringMatching(/^x[A-Za-z]{3,9}$/),
        values,
        ({ object, path }, key, value) => {
          const changed = withField(object, path, { [key]: value }) as AnyObject;
          const { findings } = importMetalLb(EVERYTHING.map((each) => (each === object ? changed : each)));
          const expected = pathText([...path, key]);
          const isNamed = ({ object: label, field = '' }: Finding): boolean =>
            label === labelOf(object) && (field.startsWith(expected) || (expected.startsWith(field) && field !== ''));
          assert.ok(findings.some(isNamed), `${labelOf(object)} ${expected}`);
        },
      ),
    );
  });

  it('a value of another type than expected is named', () => {
    const { findings } = importMetalLb([
      metalLb('IPAddressPool', 'public', {
        addresses: ['192.0.2.0/24', 7],
        avoidBuggyIPs: 'yes',
        serviceAllocation: 3,
      }),
    ]);
    const fields = findings.filter(({ kind }) => kind === 'lost').map(({ field }) => field);
    assert.deepEqual(fields.sort(), ['spec.addresses[1]', 'spec.avoidBuggyIPs', 'spec.serviceAllocation']);
  });

  it('objects of kinds that are not known are named, and what MetalLB only reports as such', () => {
    const { findings } = importMetalLb([
      { apiVersion: 'metallb.io/v1beta1', kind: 'AddressPool', metadata: { name: 'old' } },
      { apiVersion: 'metallb.io/v1beta1', kind: 'ServiceL2Status', metadata: { name: 'l2-x' } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'bgpextras' } },
      { apiVersion: 'frrk8s.metallb.io/v1beta1', kind: 'FRRConfiguration', metadata: { name: 'mine' } },
      { apiVersion: 'frrk8s.metallb.io/v1beta1', kind: 'FRRConfiguration', metadata: { name: 'metallb-n1' } },
    ]);
    assert.deepEqual(
      findings.map(({ kind, object }) => `${kind}: ${object}`),
      [
        'lost: AddressPool old',
        'lost: ConfigMap bgpextras',
        'lost: FRRConfiguration mine',
        'unneeded: ServiceL2Status l2-x',
      ],
    );
  });
});
