import type { Overview } from '../../generated/api.ts';

type Picture = Overview['picture'];
export type Vertex = Picture['nodes'][number];
export type State = Vertex['state'];

export interface Box {
  readonly id: string;
  readonly kind: 'pool' | 'node' | 'peer' | 'link';
  readonly name: string;
  readonly state: State;
  /** Replicas that run on the node. */
  readonly replicas: readonly { readonly name: string; readonly state: State }[];
  readonly row: number;
}

/** From one column to the other, by the rows of both ends. */
export interface Line {
  readonly id: string;
  readonly from: 'pool' | 'node';
  readonly fromRow: number;
  readonly toRow: number;
  readonly state: State;
}

export interface PictureLayout {
  readonly boxes: readonly Box[];
  readonly lines: readonly Line[];
  readonly rows: number;
  /** How many of a kind are not drawn. */
  readonly left: Readonly<Record<Box['kind'], number>>;
}

/** The most of a column that are drawn. */
export const MAX_ROWS = 12;
/** What is drawn below each other. Routers and local networks are where the outside begins. */
const COLUMNS = [['pool'], ['node'], ['peer', 'link']] as const satisfies readonly (readonly Box['kind'][])[];
const WORST_FIRST: Readonly<Record<State, number>> = { bad: 0, unknown: 1, good: 2, off: 3 };

/**
 * Pools, nodes, and routers with local networks in a column each. Who speaks with a router is a replica: it is drawn with the node that it runs on. Where
 * there are too many, nodes with a replica and what is not well come first.
 */
export function layoutPicture({ nodes, edges }: Picture): PictureLayout {
  const host = new Map(edges.filter(({ kind }) => kind === 'runsOn').map(({ from, to }) => [from, to]));
  const replicasOn = new Map<string, Vertex[]>();
  for (const replica of nodes.filter(({ kind }) => kind === 'replica')) {
    const node = host.get(replica.id) ?? '';
    replicasOn.set(node, [...(replicasOn.get(node) ?? []), replica]);
  }
  const columns = COLUMNS.map((kinds: readonly string[]) => {
    const all = nodes.filter(({ kind }) => kinds.includes(kind));
    const rank = ({ id, state }: Vertex): number => WORST_FIRST[state] - (replicasOn.has(id) ? 10 : 0);
    const drawn = [...all]
      .sort((a, b) => rank(a) - rank(b))
      .slice(0, MAX_ROWS)
      .sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || byName(a, b));
    return { drawn };
  });
  const boxes = columns.flatMap(({ drawn }) =>
    drawn.map(({ id, kind, name, state }, row): Box => ({
      ...{ id, kind: kind as Box['kind'], name, state, row },
      replicas: replicasOn.get(id) ?? [],
    })),
  );
  const row = new Map(boxes.map((box) => [box.id, box.row]));
  const left = (kind: Box['kind']): number => {
    const ofKind = (among: readonly { readonly kind: string }[]): number =>
      among.filter((each) => each.kind === kind).length;
    return ofKind(nodes) - ofKind(boxes);
  };
  return {
    boxes,
    lines: linesOf(edges, host, row),
    rows: Math.max(1, ...columns.map(({ drawn }) => drawn.length)),
    left: { pool: left('pool'), node: left('node'), peer: left('peer'), link: left('link') },
  };
}

function linesOf(edges: Picture['edges'], host: ReadonlyMap<string, string>, row: ReadonlyMap<string, number>): Line[] {
  return edges.flatMap(({ from, to, kind, state }): Line[] => {
    if (kind === 'runsOn') return [];
    const start = kind === 'session' ? (host.get(from) ?? from) : from;
    const [fromRow, toRow] = [row.get(start), row.get(to)];
    if (fromRow === undefined || toRow === undefined) return [];
    return [{ id: `${from} ${to}`, from: kind === 'announces' ? 'pool' : 'node', fromRow, toRow, state }];
  });
}

function byName(a: Vertex, b: Vertex): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}
