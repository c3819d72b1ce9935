import type { Family } from '../../../domain/address.ts';
import type { Replica } from '../../../domain/replica.ts';
import type { FamilyEndpoints, ServiceEndpoints } from '../../../domain/service.ts';
import type * as kinds from '../../kinds.ts';
import { keyOf } from '../../objects.ts';
import { trim } from '../trim.ts';

const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
const ADDRESS_TYPE: Readonly<Record<Family, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };

/** Keeps of a slice what is read here: in a large cluster the slices are most of what the API server sends. */
export function slimSlice(slice: kinds.EndpointSlice): kinds.EndpointSlice {
  const { metadata, addressType, endpoints } = trim(slice);
  const slim = (endpoints ?? []).map(({ addresses, conditions, nodeName, targetRef }) => ({
    addresses: addresses.slice(0, 1),
    ...(conditions === undefined ? {} : { conditions }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef: { kind: targetRef.kind ?? '', name: targetRef.name ?? '' } }),
  }));
  return { ...(metadata === undefined ? {} : { metadata }), addressType, endpoints: slim };
}

/** The Service that a slice belongs to (`namespace/name`), or undefined if it names none. */
export function serviceOf(slice: kinds.EndpointSlice): string | undefined {
  const name = slice.metadata?.labels?.[SERVICE_NAME_LABEL];
  return name === undefined ? undefined : `${slice.metadata?.namespace ?? ''}/${name}`;
}

type Endpoint = NonNullable<kinds.EndpointSlice['endpoints']>[number];

/** KEP-1672: an unset `ready` means ready; an endpoint that terminates may still serve. */
function answers({ conditions }: Endpoint): 'ready' | 'serving' | 'no' {
  if (conditions?.ready ?? true) return 'ready';
  return conditions?.serving === true && conditions.terminating === true ? 'serving' : 'no';
}

function ofFamily(slices: readonly kinds.EndpointSlice[], family: Family): FamilyEndpoints {
  const nodes = { ready: new Set<string>(), serving: new Set<string>() };
  let any = false;
  const own = slices.filter(({ addressType }) => addressType === ADDRESS_TYPE[family]);
  for (const endpoint of own.flatMap((slice) => slice.endpoints ?? [])) {
    const how = answers(endpoint);
    if (how === 'no') continue;
    any = true;
    if (endpoint.nodeName !== undefined) nodes[how].add(endpoint.nodeName);
  }
  return { ready: [...nodes.ready].sort(), serving: [...nodes.serving].sort(), any };
}

/** A slice holds endpoints of one type; those of type FQDN are nothing that a packet could be sent to. */
export function toServiceEndpoints(slices: Iterable<kinds.EndpointSlice>): ServiceEndpoints {
  const all = [...slices];
  return { ipv4: ofFamily(all, 'ipv4'), ipv6: ofFamily(all, 'ipv6') };
}

/** The EndpointSlices by Service, so that a change of one slice costs only its Service. */
export class EndpointIndex {
  readonly #slices = new Map<string, Map<string, kinds.EndpointSlice>>();
  readonly #serviceOfSlice = new Map<string, string>();

  /** Puts a slice in; returns the Services whose endpoints may have changed. */
  set(slice: kinds.EndpointSlice): string[] {
    const key = keyOf(slice);
    const touched = this.#remove(key);
    const service = serviceOf(slice);
    if (service === undefined) return touched;
    const slices = this.#slices.get(service) ?? new Map<string, kinds.EndpointSlice>();
    this.#slices.set(service, slices.set(key, slice));
    this.#serviceOfSlice.set(key, service);
    return touched.includes(service) ? touched : [...touched, service];
  }

  delete(slice: kinds.EndpointSlice): string[] {
    return this.#remove(keyOf(slice));
  }

  /** Undefined if the Service has no slices. */
  get(service: string): ServiceEndpoints | undefined {
    const slices = this.#slices.get(service);
    return slices === undefined ? undefined : toServiceEndpoints(slices.values());
  }

  /** Those of one Service. */
  slices(service: string): kinds.EndpointSlice[] {
    return [...(this.#slices.get(service)?.values() ?? [])];
  }

  #remove(key: string): string[] {
    const service = this.#serviceOfSlice.get(key);
    if (service === undefined) return [];
    const slices = this.#slices.get(service);
    slices?.delete(key);
    if (slices?.size === 0) this.#slices.delete(service);
    this.#serviceOfSlice.delete(key);
    return [service];
  }
}

/**
 * The replicas behind the manager's own headless Service: every Pod of its slices, ready or not. A Service of both families lists a Pod
 * once per family: the address of `family` is taken. A Pod without one is a replica nevertheless, under the address that it has.
 *
 * @param family that of this replica's own address, from which the others are asked
 */
export function toReplicas(slices: Iterable<kinds.EndpointSlice>, family: Family): Replica[] {
  const replicas = new Map<string, Replica>();
  for (const slice of slices) {
    for (const { addresses, nodeName, targetRef } of slice.endpoints ?? []) {
      const [address] = addresses;
      if (targetRef?.kind !== 'Pod' || targetRef.name === undefined || address === undefined) continue;
      if (!replicas.has(targetRef.name) || slice.addressType === ADDRESS_TYPE[family]) {
        replicas.set(targetRef.name, { name: targetRef.name, address, node: nodeName });
      }
    }
  }
  return [...replicas.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
