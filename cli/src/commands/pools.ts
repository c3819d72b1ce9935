import { EXIT } from '../failure.ts';
import type { Pool, PoolAddresses, PoolPage, PoolSummary } from '../generated/api.ts';
import { taskOf, type AnyTask } from '../plan.ts';
import { columns, fields, sections, type Row } from '../render/columns.ts';
import { poolName, poolState, said } from '../render/states.ts';
import type { View } from '../render/view.ts';
import { age, andMore, cutOff, firstOf, ranked, servicesText } from '../render/words.ts';
import { optionalName, PAGE, type Command } from './command.ts';

const HEAD = ['POOL', 'PROTOCOL', 'STATE', 'USED', 'SIZE', 'PRIORITY', 'AGE', 'ADDRESSES'];

function row(pool: PoolSummary, view: View, mostRanges = Infinity): Row {
  const { protocol, use, priority, createdAt, ranges } = pool;
  return [
    ...[poolName(pool), protocol ?? undefined, poolState(pool, view)],
    ...[String(use.used), use.size, String(priority), age(createdAt, view.now), firstOf(ranges, mostRanges)],
  ];
}

/** Those that aren't ready come first, then the fullest. */
function poolRank({ ready, disabled, use }: PoolSummary): number {
  const isWell = ready?.status === 'True' && !disabled;
  return isWell ? 1 - use.used / Number(use.size) : -1;
}

/** All that there are, or so many, of those that matter most. */
export function poolsTable({ items, totalItems }: PoolPage, view: View, most = Infinity): string {
  if (items.length === 0) return 'There is no pool (Eip).\n';
  const shown = ranked(items, most, poolRank);
  const rest = most === Infinity ? cutOff(items, totalItems) : andMore(shown, totalItems, 'pools');
  const rows = shown.map((pool) => row(pool, view, most === Infinity ? most : 1));
  return columns(HEAD, rows, view) + rest;
}

function whoMay({ namespaces, hasNamespaceSelector, hasServiceSelector }: Pool): string {
  const selectors = [
    ...(hasNamespaceSelector ? ['namespaces that its namespaceSelector selects'] : []),
    ...(namespaces.length > 0 ? [`namespaces ${namespaces.join(', ')}`] : []),
    ...(hasServiceSelector ? ['Services that its serviceSelector selects'] : []),
  ];
  return selectors.length === 0 ? 'every namespace' : selectors.join('; ');
}

function poolFields(pool: Pool, view: View): string {
  const { use } = pool;
  return fields(
    {
      Pool: poolName(pool),
      State: poolState(pool, view),
      Protocol: pool.protocol ?? undefined,
      Addresses: pool.ranges.join(', '),
      Use: `${use.used} of ${use.size} used, ${use.released} remembered as freed, ${use.conflicts} in conflict`,
      Priority: String(pool.priority),
      For: whoMay(pool),
      Interface: pool.interface,
      Peers: firstOf(pool.peers, 10),
      'Rests after use': pool.reuseAfterSeconds > 0 ? `${pool.reuseAfterSeconds} s` : undefined,
      'Ends in .0/.255': pool.avoidBuggyIPs ? 'not given (avoidBuggyIPs)' : undefined,
      Age: age(pool.createdAt, view.now),
    },
    view,
  );
}

function conditionsTable({ conditions }: Pool, view: View): string {
  const rows = conditions.map((condition) => {
    const { type, status, reason, since } = condition;
    return [type, status, reason, age(since, view.now), said(condition)];
  });
  return rows.length === 0 ? '' : columns(['CONDITION', 'STATUS', 'REASON', 'SINCE', 'MESSAGE'], rows, view);
}

function overlapsTable({ overlaps }: Pool, view: View): string {
  const rows = overlaps.map(({ kind, other, first, last }) => [`${first}-${last}`, kind, other]);
  return rows.length === 0 ? '' : columns(['OVERLAPS', 'WITH', 'NAME'], rows, view);
}

function addressesTable(answer: PoolAddresses | undefined, view: View): string {
  if (answer === undefined) return 'You may not see who has its addresses (pools/addresses).\n';
  const rows = answer.items.map(({ ip, state, since, restsUntil, heldBy, services }) => {
    const until = restsUntil === null ? undefined : `until ${restsUntil}`;
    const held = heldBy === null ? undefined : `a host with the MAC address ${heldBy}`;
    const who = [services.length === 0 ? undefined : servicesText(services), held, until].filter(Boolean);
    return [ip, state, age(since, view.now), who.length === 0 ? undefined : who.join(', ')];
  });
  const more = answer.complete ? '' : 'Free addresses are not listed, as there are so many.\n';
  if (rows.length === 0) return `None of its addresses is in use.\n${more}`;
  return columns(['ADDRESS', 'STATE', 'SINCE', 'WHO'], rows, view) + cutOff(answer.items, answer.totalItems) + more;
}

function onePool(name: string, all: boolean): AnyTask {
  const query = { ...PAGE, ...(all ? {} : { state: 'used' }) };
  return taskOf({
    plan: {
      pool: { id: 'getPool', params: { name } },
      addresses: { id: 'listPoolAddresses', params: { name }, query, optional: true },
    },
    table: ({ pool, addresses }, view) =>
      sections(
        poolFields(pool, view),
        conditionsTable(pool, view),
        overlapsTable(pool, view),
        addressesTable(addresses, view),
      ),
    exitCode: () => EXIT.fine,
  });
}

export const pools: Command = {
  name: 'pools',
  operands: '[NAME]',
  summary: 'Pools of addresses (Eips); one of them with who has its addresses',
  about:
    'Lists the pools of addresses, or tells everything of one of them: how full it is, for whom, which Service has which address.',
  examples: [
    { line: 'pools', does: 'all pools' },
    { line: 'pools public', does: 'one pool, with the addresses that are in use' },
    {
      line: 'pools public --addresses',
      does: 'the same with all of its addresses: free, resting, reserved, in conflict',
    },
    { line: 'pools --watch', does: 'all pools, again whenever something changes' },
  ],
  takes: ['watch', 'addresses'],
  prepare: ({ words, addresses }) => {
    const name = optionalName(words, ['pool', 'pools', 'eip', 'eips']);
    if (name !== undefined) return onePool(name, addresses);
    return taskOf({
      plan: { pools: { id: 'listPools', query: PAGE } },
      table: ({ pools: page }, view) => poolsTable(page, view),
      exitCode: () => EXIT.fine,
    });
  },
};
