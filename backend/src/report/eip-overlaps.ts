import type { Overlap } from '../allocate/pool-set.ts';
import { formatRange } from '../domain/ranges.ts';
import type { ExistingCondition, NewCondition } from './conditions.ts';

const TYPE = 'Overlapping';
const MAX_NAMED = 5;
/** Characters of the message that may go to naming; names of objects have up to 253. */
const MAX_LIST = 640;

const REASONS = { pool: 'OverlapsEip', serviceRange: 'OverlapsServiceRange', node: 'OverlapsNode' } as const;

/** In the order of their weight: two Eips are for their owners to put right, a node in a pool is as good as put right. */
const WEIGHT = ['pool', 'serviceRange', 'node'] as const satisfies readonly Overlap['kind'][];

/** What follows, and what to do. */
const CONSEQUENCES: Readonly<Record<Overlap['kind'], string>> = {
  pool: 'Of two Eips the older gives what both have, and the younger nothing of it: end the overlap in one of them.',
  serviceRange: "Nothing is given of the cluster's own Service range: take it out of the Eip.",
  node: 'Addresses of nodes are left out: nothing has to be done, unless the Eip was meant to have other addresses.',
};

function other(overlap: Overlap): string {
  if (overlap.kind === 'pool') return `the ${overlap.otherIsOlder ? 'older' : 'younger'} Eip ${overlap.other}`;
  return overlap.kind === 'serviceRange' ? `the Service range ${overlap.other}` : `the node ${overlap.other}`;
}

function weight({ kind }: Overlap): number {
  return WEIGHT.indexOf(kind);
}

/** The first of the list, as many as fit. */
function named(overlaps: readonly Overlap[]): string {
  const texts: string[] = [];
  let length = 0;
  for (const overlap of overlaps.slice(0, MAX_NAMED)) {
    const text = `${formatRange(overlap.part)} with ${other(overlap)}`;
    length += text.length;
    if (texts.length > 0 && length > MAX_LIST) break;
    texts.push(text);
  }
  const more = overlaps.length - texts.length;
  return more > 0 ? `${texts.join(', ')} and ${more} more` : texts.join(', ');
}

/** The condition `Overlapping` of an Eip; undefined if there is nothing to say and never was. */
export function eipOverlapping(
  pool: string,
  overlaps: readonly Overlap[],
  existing: readonly ExistingCondition[] | undefined,
  generation: number | undefined,
): NewCondition | undefined {
  const sorted = [...overlaps].sort((a, b) => weight(a) - weight(b));
  const [heaviest] = sorted;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  if (heaviest === undefined) {
    if (existing?.some(({ type }) => type === TYPE) !== true) return undefined;
    const message = "Nothing of the Eip is another Eip's, a node's or the cluster's own.";
    return { type: TYPE, status: 'False', reason: 'NoOverlap', message, ...observed };
  }
  const kinds = WEIGHT.filter((kind) => sorted.some((overlap) => overlap.kind === kind));
  const consequences = kinds.map((kind) => CONSEQUENCES[kind]).join(' ');
  return {
    type: TYPE,
    status: 'True',
    reason: REASONS[heaviest.kind],
    message: `The Eip ${pool} shares ${named(sorted)}. ${consequences}`,
    ...observed,
  };
}
