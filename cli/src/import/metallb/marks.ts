import { createHash } from 'node:crypto';
import type { Finding } from './finding.ts';
import { joinedAll, selectorText, toSelector, type LabelSelector, type Requirements } from './selectors.ts';

/** Longest value of a label, and longest name in its key. */
const MAX_LABEL = 63;

/** A name as (part of) a label, told apart from others by a hash where it has to be cut. */
export function labelText(name: string, room: number = MAX_LABEL): string {
  if (name.length <= room) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, room - hash.length - 1)}-${hash}`;
}

/** Label of a BgpPeer, by which pools name it. */
export const PEER_LABEL = 'porterlb.kubesphere.io/peer';

/** What is selected, in the plural, as kubectl takes it, with whatever belongs there to name all of them. */
export type Marked = 'nodes' | 'namespaces' | 'services --all-namespaces';

export interface Selected {
  /** Undefined: everything. */
  readonly requirements: Requirements | undefined;
  /** If the objects have to be labelled first. */
  readonly finding: Finding | undefined;
}

interface MarkOptions {
  /** What they are marked for: `nodes-public`. */
  readonly mark: string;
  readonly what: Marked;
  readonly object: string;
  readonly field: string;
  /** Whether one selector can be written. */
  readonly fits: (one: Requirements) => boolean;
}

/**
 * One selector for several of which one must hold. Where no selector says that, a label of its own does, which has to be put on what is
 * selected now.
 */
export function oneOf(alternatives: readonly Requirements[], options: MarkOptions): Selected {
  const all = joinedAll(alternatives);
  const [only] = all;
  if (only === undefined || all.some((each) => each.length === 0))
    return { requirements: undefined, finding: undefined };
  if (all.length === 1 && options.fits(only)) return { requirements: only, finding: undefined };
  const key = `porterlb.kubesphere.io/${labelText(options.mark)}`;
  const commands = all.map((each) => `kubectl label ${options.what} -l '${selectorText(each)}' ${key}=true`);
  const { object, field, what } = options;
  const noun = what.split(' ')[0] ?? what;
  const why = `selects by alternatives or by expressions that one selector here can not say; ${noun} are selected by the label ${key}`;
  return {
    requirements: [{ key, operator: 'In', values: ['true'] }],
    finding: {
      kind: 'todo',
      object,
      field,
      why,
      next: `Run this first, and for ${noun} that are added later: ${commands.join(' && ')}`,
    },
  };
}

export function selectorOf({ requirements }: Selected): LabelSelector | undefined {
  return requirements === undefined ? undefined : toSelector(requirements);
}
