import type { KubernetesObject } from '../../api/objects.ts';
import { BGP_CONF_NAME, bgpSettings } from './bgp-conf-model.ts';

/** The BGP configuration as the form has it. All other fields stay as they are, and can be changed as YAML. */
export interface BgpConfDraft {
  readonly name: string;
  readonly as: number | undefined;
  /** One a line: `rack: AS`. */
  readonly racks: string;
  readonly routerId: string;
  /** Undefined: nobody listens. */
  readonly listenPort: number | undefined;
  /** One a line. */
  readonly listenAddresses: string;
  readonly restart: boolean;
  readonly restartSeconds: number | undefined;
}

/** What a new one begins with. */
export const NEW_BGP_CONF: KubernetesObject = {
  ...{ apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'BgpConf' },
  ...{ metadata: { name: BGP_CONF_NAME }, spec: {} },
};

export function bgpConfDraftOf(object: KubernetesObject): BgpConfDraft {
  const { as, racks, routerId = '', listenPort, listenAddresses, restartSeconds } = bgpSettings(object);
  const restart = object.spec?.['gracefulRestart'] as { readonly restartTime?: number } | undefined;
  return {
    ...{ name: object.metadata.name, as, routerId, listenPort },
    racks: racks.map(([rack, number]) => `${rack}: ${String(number)}`).join('\n'),
    listenAddresses: listenAddresses.join('\n'),
    restart: restartSeconds !== undefined,
    // What holds where nothing is said is no number that somebody has set.
    restartSeconds: restart?.restartTime || undefined,
  };
}

type Said = Readonly<Record<string, unknown>>;

/** What each part of the form says of the spec; undefined: nothing. */
const PARTS: readonly (readonly [readonly (keyof BgpConfDraft)[], (draft: BgpConfDraft, spec: Said) => Said])[] = [
  [['as'], ({ as }) => ({ as })],
  [['racks'], ({ racks }) => ({ asPerRack: racksOf(racks) })],
  [['routerId'], ({ routerId }) => ({ routerId: routerId.trim() || undefined })],
  [['listenPort'], ({ listenPort }) => ({ listenPort })],
  [['listenAddresses'], ({ listenAddresses }) => ({ listenAddresses: linesOf(listenAddresses) })],
  [['restart', 'restartSeconds'], (draft, spec) => ({ gracefulRestart: restartOf(draft, spec['gracefulRestart']) })],
];

/** `base` with what the form says. Where nothing was changed, it is `base`. */
export function bgpConfObjectOf(draft: BgpConfDraft, base: KubernetesObject): KubernetesObject {
  const before = bgpConfDraftOf(base);
  const spec = base.spec ?? {};
  const changed = PARTS.filter(([fields]) => fields.some((field) => draft[field] !== before[field]));
  const changes = changed.map(([, said]) => said(draft, spec));
  const entries = Object.entries(Object.assign({}, spec, ...changes) as Said);
  return { ...base, spec: Object.fromEntries(entries.filter(([, value]) => value !== undefined)) };
}

function linesOf(text: string): readonly string[] | undefined {
  const lines = text.split(/[\s,;]+/).filter((line) => line !== '');
  return lines.length === 0 ? undefined : lines;
}

/** What is no number stays a text: the API server says so, and the rack with it. */
function racksOf(text: string): Record<string, number | string> | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const racks = lines.map((line): [string, number | string] => {
    const [, rack = line.trim(), number = ''] = /^\s*(.*?)\s*[:=]\s*(\S*)\s*$/.exec(line) ?? [];
    return [rack, /^\d+$/.test(number) ? Number(number) : number];
  });
  return racks.length === 0 ? undefined : Object.fromEntries(racks);
}

function restartOf({ restart, restartSeconds }: BgpConfDraft, before: unknown): Said | undefined {
  const others = Object.entries(typeof before === 'object' && before !== null ? before : {});
  const said = Object.entries({ enabled: restart ? undefined : false, restartTime: restartSeconds });
  const all = Object.fromEntries([...others, ...said].filter(([, value]) => value !== undefined));
  // Of what the form has fields for only the form decides.
  if (restart) delete all['enabled'];
  if (restartSeconds === undefined) delete all['restartTime'];
  return Object.keys(all).length === 0 ? undefined : all;
}

/** Where in the form stands what the API server has against a path of the object. */
export function bgpConfFieldOf(path: string): string {
  const known: readonly (readonly [string, keyof BgpConfDraft])[] = [
    ['metadata.name', 'name'],
    ['spec.asPerRack', 'racks'],
    ['spec.as', 'as'],
    ['spec.routerId', 'routerId'],
    ['spec.listenPort', 'listenPort'],
    ['spec.listenAddresses', 'listenAddresses'],
    ['spec.gracefulRestart.restartTime', 'restartSeconds'],
  ];
  return known.find(([start]) => path.startsWith(start))?.[1] ?? '';
}
