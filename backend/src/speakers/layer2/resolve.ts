import type { Link } from '../../platform/ports.ts';
import { addressOctets } from './wire/address.ts';

interface Subnet {
  readonly link: Link;
  readonly octets: Uint8Array;
  readonly bits: number;
}

const CAN_REACH = 'can_reach:';

/** What `Number` takes for one besides (nothing at all, blanks, 0x10) would make a subnet that has every address. */
const PREFIX = /^([^/]+)\/(0|[1-9]\d{0,2})$/;

/** Undefined too for a prefix that is none: those of other hosts come from their datagrams. */
function subnetOf(link: Link, prefix: string): Subnet | undefined {
  const [, address = '', length] = PREFIX.exec(prefix) ?? [];
  const octets = addressOctets(address);
  const bits = Number(length);
  // A prefix of full length is an address without neighbours.
  return octets === undefined || bits >= octets.length * 8 ? undefined : { link, octets, bits };
}

function contains({ octets, bits }: Subnet, ip: Uint8Array): boolean {
  if (octets.length !== ip.length) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (octets[i] !== ip[i]) return false;
  const mask = 0xff00 >> (bits & 7);
  return (((octets[whole] ?? 0) ^ (ip[whole] ?? 0)) & mask & 0xff) === 0;
}

/** Which of a host's links an address belongs on, by one look at them: `interface` of a pool, in its three forms. */
export class LinkResolver {
  readonly #links: readonly Link[];
  readonly #subnets: readonly Subnet[];
  readonly #towards: (address: string) => Link | undefined;
  readonly #reached = new Map<string, readonly Link[]>();

  /** @param towards asked once for each address at most */
  constructor(links: readonly Link[], towards: (address: string) => Link | undefined) {
    this.#links = links.filter(({ up }) => up);
    const own = this.#links.filter(({ isLeftAlone }) => isLeftAlone !== true);
    this.#subnets = own.flatMap((link) => link.prefixes.flatMap((prefix) => subnetOf(link, prefix) ?? []));
    this.#towards = towards;
  }

  /** Links that are up, by index at most once; none if the address has no place here. */
  resolve(ip: Uint8Array, text: string, selector: string): readonly Link[] {
    if (selector === '') return this.#bySubnet(ip, text);
    const target = reachTarget(selector);
    if (target !== undefined) return this.#reaching(target);
    return this.#links.filter(({ name }) => name === selector);
  }

  /**
   * The link of the longest prefix, as in the kernel's routing. Two links in one subnet are nearly always two ways onto one segment, where
   * an address must have one MAC: then it is the link that the kernel itself uses for the subnet.
   */
  #bySubnet(ip: Uint8Array, text: string): readonly Link[] {
    const containing = this.#subnets.filter((subnet) => contains(subnet, ip));
    const longest = Math.max(...containing.map(({ bits }) => bits));
    const alike = containing.filter(({ bits }) => bits === longest).map(({ link }) => link);
    const chosen = this.#oneOf([...new Set(alike)], text);
    return chosen === undefined ? [] : [chosen];
  }

  #oneOf(alike: readonly Link[], text: string): Link | undefined {
    if (alike.length <= 1) return alike[0];
    const [used] = this.#reaching(text);
    const indexes = alike.map(({ index }) => index);
    return used !== undefined && indexes.includes(used.index)
      ? used
      : alike.find(({ index }) => index === Math.min(...indexes));
  }

  #reaching(address: string): readonly Link[] {
    const known = this.#reached.get(address);
    if (known !== undefined) return known;
    const index = addressOctets(address) === undefined ? undefined : this.#towards(address)?.index;
    const links = this.#links.filter((link) => link.index === index);
    this.#reached.set(address, links);
    return links;
  }
}

/** What a `can_reach:<IP>` names; undefined for a selector of another form. */
export function reachTarget(selector: string): string | undefined {
  return selector.startsWith(CAN_REACH) ? selector.slice(CAN_REACH.length).trim() : undefined;
}

/** Whether a selector is a link's name. */
export function isName(selector: string): boolean {
  return selector !== '' && reachTarget(selector) === undefined;
}

/** Routes may change without any change of the links. */
export function followsRoutes(selector: string): boolean {
  return reachTarget(selector) !== undefined;
}
