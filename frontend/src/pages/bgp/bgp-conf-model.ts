import type { KubernetesObject } from '../../api/objects.ts';
import type { Level } from '../../parts/Status.tsx';
import { inReadersWords, type Sentence } from '../../texts/sentences.ts';
import { text, type TextKey } from '../../texts/texts.ts';

/** Only the object of this name is used. */
export const BGP_CONF_NAME = 'default';

/** How long routers keep routes of a replica that is away, where nothing is said, in seconds. */
const RESTART_SECONDS = 120;

/** What a BgpConf says, with what holds where it says nothing. */
export interface BgpSettings {
  readonly as: number | undefined;
  /** AS number by rack. */
  readonly racks: readonly (readonly [string, unknown])[];
  /** Undefined: each replica has one of its own. */
  readonly routerId: string | undefined;
  /** Undefined: nobody listens. */
  readonly listenPort: number | undefined;
  /** Empty: all. */
  readonly listenAddresses: readonly string[];
  /** Undefined: there is no graceful restart. */
  readonly restartSeconds: number | undefined;
}

export function bgpSettings({ spec = {} }: KubernetesObject): BgpSettings {
  const port = Number(spec['listenPort'] ?? 0);
  const addresses = spec['listenAddresses'];
  return {
    as: typeof spec['as'] === 'number' ? spec['as'] : undefined,
    racks: Object.entries(recordOf(spec['asPerRack'])).sort(([a], [b]) => a.localeCompare(b)),
    routerId: textOf(spec['routerId']) || undefined,
    // OpenELB says "nobody listens" with -1.
    listenPort: port > 0 ? port : undefined,
    listenAddresses: Array.isArray(addresses) ? addresses.map(String) : [],
    restartSeconds: restartSeconds(recordOf(spec['gracefulRestart'])),
  };
}

function restartSeconds({ enabled, restartTime }: Readonly<Record<string, unknown>>): number | undefined {
  return enabled === false ? undefined : Number(restartTime ?? 0) || RESTART_SECONDS;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** What each side of a session has said of itself when it began: with something else it has to begin anew. */
const AGREED: readonly (keyof BgpSettings)[] = ['as', 'racks', 'routerId', 'restartSeconds'];

/** What saving `object` does to sessions that stand. */
export function bgpConsequence(object: KubernetesObject, before: KubernetesObject): TextKey | undefined {
  if (before.metadata.resourceVersion === undefined) return 'BGP_SESSIONS_BEGIN';
  const [now, then] = [bgpSettings(object), bgpSettings(before)];
  const isOther = (field: keyof BgpSettings): boolean => JSON.stringify(now[field]) !== JSON.stringify(then[field]);
  return AGREED.some(isOther) ? 'BGP_SESSIONS_RESTART' : undefined;
}

/** A condition of the object's status. */
export interface BgpCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly since: string | null;
  /** The generation of the object that it was made for; undefined: it doesn't say. */
  readonly generation: number | undefined;
}

/** All that its condition says where there is nothing to say. */
const NO_NEWS = 'In use.';

/** The object speaks English: what its fields have wrong is told in the words of its schema, what comes of that in the reader's. */
const SENTENCES: readonly Sentence[] = [
  [/Nothing is done with it until this is corrected\.$/, 'BGP_NOT_USED'],
  [/The last good version stays in force until this is corrected\.$/, 'BGP_LAST_GOOD'],
  [/Without effect here: (?<fields>[^;]*)\.$/, 'BGP_WITHOUT_EFFECT'],
];

function told(message: string): string {
  return message === NO_NEWS ? text('BGP_IN_FORCE') : inReadersWords(message, SENTENCES);
}

export function inWords(condition: BgpCondition): BgpCondition & { readonly text: string } {
  return { ...condition, text: told(condition.message) };
}

export function bgpConditions({ status }: KubernetesObject): BgpCondition[] {
  const list = status?.['conditions'];
  if (!Array.isArray(list)) return [];
  return list.map(recordOf).map((condition) => ({
    type: textOf(condition['type']),
    status: textOf(condition['status']),
    reason: textOf(condition['reason']),
    message: textOf(condition['message']),
    since: textOf(condition['lastTransitionTime']) || null,
    generation: typeof condition['observedGeneration'] === 'number' ? condition['observedGeneration'] : undefined,
  }));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Whether it is in force, in one word, with what its condition says where that is news. */
export interface BgpState {
  readonly level: Level;
  readonly title: TextKey;
  readonly detail: string | undefined;
}

/** Ordered checks: the first that holds is what is said. */
export function bgpState(object: KubernetesObject): BgpState {
  const ready = bgpConditions(object).find(({ type }) => type === 'Ready');
  if (ready === undefined) return { level: 'unknown', title: 'STATE_UNKNOWN', detail: undefined };
  const { generation = 0 } = object.metadata;
  if ((ready.generation ?? generation) < generation)
    return { level: 'unknown', title: 'BGP_NOT_SEEN', detail: undefined };
  const { message } = ready;
  if (ready.status !== 'True') return { level: 'bad', title: 'BGP_NOT_IN_FORCE', detail: told(message) };
  if (message === NO_NEWS) return { level: 'good', title: 'BGP_IN_FORCE', detail: undefined };
  return { level: 'warning', title: 'BGP_IN_FORCE', detail: told(message) };
}
