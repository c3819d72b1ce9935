import { formatAddress, parseAddress, parseRange, rangeContains, type AddressRange } from '../../domain/address.ts';
import type { LinkFacts } from '../../engine/facts.ts';
import type { Word } from '../replicas/gather.ts';
import type { Edge, Overview, Vertex } from '../schemas/overview.ts';
import type { ClusterPicture } from './picture.ts';
import { byWeight } from './verdict.ts';

interface Network {
  readonly range: AddressRange;
  /** Prefix in canonical text, without host bits. */
  readonly text: string;
}

function networksOf({ prefixes }: Pick<LinkFacts, 'prefixes'>): Network[] {
  return prefixes.flatMap((prefix) => {
    const parsed = parseRange(prefix);
    if (!parsed.ok) return [];
    const range = parsed.value;
    const first = formatAddress({ family: range.family, value: range.first });
    return [{ range, text: `${first}/${prefix.slice(prefix.indexOf('/') + 1)}` }];
  });
}

/** A subnet, and all of the link that it is one of. */
interface Subnet {
  readonly range: AddressRange;
  readonly link: readonly Network[];
}

/**
 * The subnets of all links: nodes and their replicas see the same ones, which are looked at once. Narrow ones come first: where two links have an
 * address, as a bridge for containers and the LAN may, it is on the narrower one, as for the routes of the node.
 */
function distinct(links: readonly LinkFacts[]): readonly Subnet[] {
  const byText = new Map<string, readonly Network[]>();
  for (const networks of links.map(networksOf)) byText.set(networks.map(({ text }) => text).join(' '), networks);
  const size = ({ range: { first, last } }: Subnet): bigint => last - first;
  return [...byText.values()]
    .flatMap((link) => link.map(({ range }): Subnet => ({ range, link })))
    .sort((a, b) => (size(a) < size(b) ? -1 : Number(size(a) > size(b))));
}

/** The local network of an address, named by its first IPv4 subnet, which nodes see alike whatever their interfaces are called. */
function networkOf(ip: string, subnets: readonly Subnet[]): string | undefined {
  const address = parseAddress(ip);
  if (address === undefined) return undefined;
  const link = subnets.find(({ range }) => rangeContains(range, address))?.link;
  return (link?.find(({ range }) => range.family === 'ipv4') ?? link?.[0])?.text;
}

/** On which local networks addresses are answered for, and by which nodes: by the words of the replica whose view is the freshest. */
export function linkPicture(
  words: readonly Word[],
  picture: ClusterPicture,
  stateOf: (pool: string) => Vertex['state'],
): Overview['picture'] {
  const said = byWeight(words);
  const links = distinct(said.flatMap((facts) => facts.links));
  const nodes = new Map<string, Vertex>();
  const edges = new Map<string, Edge>();
  const draw = (from: string, to: string, kind: Edge['kind'], state: Edge['state']): void => {
    edges.set(`${from} ${to}`, { from, to, kind, state });
  };
  for (const owner of said[0]?.owners ?? []) {
    // An address in no subnet of a node is answered for on the interface that the pool names.
    const name = networkOf(owner.ip, links) ?? (picture.view.poolsInForce().get(owner.pool)?.interface || undefined);
    if (name === undefined) continue;
    const id = `link/${name}`;
    nodes.set(id, { id, kind: 'link', name, state: 'good' });
    draw(`pool/${owner.pool}`, id, 'announces', stateOf(owner.pool));
    draw(`node/${owner.node}`, id, 'answers', 'good');
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}
