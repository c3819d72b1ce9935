import { text } from '../texts/texts.ts';

/** How many of each side are named: where every node of a cluster takes traffic there are hundreds. */
const NAMED = 4;

/** From which nodes or peers to which; undefined: they are the same ones. Order says nothing. Those that differ are named first. */
export function moved(from: readonly string[], to: readonly string[]): string | undefined {
  const [before, after] = [otherFirst(from, new Set(to)), otherFirst(to, new Set(from))];
  return before.differ || after.differ ? `${named(before.names)} → ${named(after.names)}` : undefined;
}

function otherFirst(names: readonly string[], others: ReadonlySet<string>): { names: string[]; differ: boolean } {
  const own = names.filter((name) => !others.has(name));
  return { names: [...own, ...names.filter((name) => others.has(name))], differ: own.length > 0 };
}

function named(names: readonly string[]): string {
  if (names.length === 0) return '—';
  const more = names.length - NAMED;
  return [...names.slice(0, NAMED), ...(more > 0 ? [text('AND_MORE', { count: more })] : [])].join(', ');
}
