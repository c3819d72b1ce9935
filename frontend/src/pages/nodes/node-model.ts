import type { Node, NodePage } from '../../generated/api.ts';
import { Failure } from '../../api/failure.ts';
import type { Level } from '../../parts/Status.tsx';
import type { TextKey } from '../../texts/texts.ts';

export interface NodeWord {
  readonly level: Level;
  readonly title: TextKey;
  readonly detail: string | undefined;
}

const VERDICTS: Readonly<Record<string, Pick<NodeWord, 'level' | 'title'>>> = {
  alive: { level: 'good', title: 'NODE_ALIVE' },
  dead: { level: 'bad', title: 'NODE_DEAD' },
  unknown: { level: 'unknown', title: 'NODE_NOT_KNOWN' },
  divided: { level: 'warning', title: 'NODE_DIVIDED' },
};

/** What probes find of a node, or what one replica does. */
export function verdictWord(verdict: string): NodeWord {
  return { ...(VERDICTS[verdict] ?? { level: 'unknown', title: 'NODE_NOT_KNOWN' }), detail: undefined };
}

/** Whether a node takes traffic from outside; ordered checks: the first that holds is what is said. */
export function trafficWord({ takesTraffic, because, drains = [] }: Node): NodeWord {
  // Somebody has taken it out on purpose.
  const isMeant = because?.reason === 'NodeExcluded';
  if (!takesTraffic) return { level: isMeant ? 'off' : 'bad', title: 'NO', detail: because?.text };
  // A cordon alone is no sign, unless the manager was told that it is one.
  if (drains.some((sign) => sign !== 'cordoned'))
    return { level: 'warning', title: 'NODE_ABOUT_TO_GO', detail: undefined };
  return { level: 'good', title: 'YES', detail: undefined };
}

const SIGNS: Readonly<Record<string, TextKey>> = {
  deleting: 'NODE_DELETING',
  toBeDeleted: 'NODE_TO_BE_DELETED',
  cordoned: 'NODE_CORDONED',
};

/** That a node is about to go, or not to be used for new Pods, by what its object says. */
export function signKeys({ drains = [] }: Node): TextKey[] {
  return drains.flatMap((sign) => SIGNS[sign] ?? []);
}

export type Evidence = Node['evidence'][number];

const WITNESSES: Readonly<Record<string, TextKey>> = { host: 'WITNESS_HOST', nothing: 'WITNESS_NOTHING' };

/** What the second witness saw; undefined: it was not asked. */
export function witnessKey({ witness }: Evidence): TextKey | undefined {
  return witness === null ? undefined : WITNESSES[witness];
}

/** The API has no reading of one node: it is one of a list, whose search finds other names as well. */
export function nodeOf(page: NodePage | undefined, name: string, gone: string): Node | Failure | undefined {
  if (page === undefined) return undefined;
  return page.items.find((node) => node.name === name) ?? new Failure('notFound', gone);
}
