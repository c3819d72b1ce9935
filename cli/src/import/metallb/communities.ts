import type { Fields } from './fields.ts';
import type { Findings } from './finding.ts';

/** What the routes of a pool carry. */
export interface Communities {
  readonly communities: readonly string[];
  readonly largeCommunities: readonly string[];
}

/** Names of communities and what they stand for, of all Community objects. */
export function aliasesOf(objects: readonly Fields[], findings: Findings): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>();
  for (const fields of objects) {
    for (const item of fields.items('spec', 'communities')) {
      const [name, value] = [fields.text(...item, 'name'), fields.text(...item, 'value')];
      if (name === undefined || value === undefined) continue;
      if (aliases.has(name) && aliases.get(name) !== value)
        findings.add(
          fields.finding(
            'changed',
            [...item, 'name'],
            `"${name}" stands for something else in another object; that counts`,
          ),
        );
      else aliases.set(name, value);
    }
  }
  return aliases;
}

const UINT16 = 65_535;
const UINT32 = 4_294_967_295;

function numbers(text: string, count: number, most: number): boolean {
  const parts = text.split(':');
  return parts.length === count && parts.every((part) => /^(0|[1-9][0-9]{0,9})$/.test(part) && Number(part) <= most);
}

/** The communities of an advertisement, with names resolved. */
export function communitiesOf(fields: Fields, aliases: ReadonlyMap<string, string>, findings: Findings): Communities {
  const communities: string[] = [];
  const largeCommunities: string[] = [];
  for (const path of fields.items('spec', 'communities')) {
    const written = fields.text(...path);
    if (written === undefined) continue;
    const value = aliases.get(written) ?? written;
    const large = value.replace(/^large:/, '');
    if (numbers(value, 2, UINT16)) communities.push(value);
    else if (large !== value && numbers(large, 3, UINT32)) largeCommunities.push(large);
    else {
      const why = `"${value}" is no community, and no Community object has that name: routes go without it`;
      findings.add(
        fields.finding('lost', path, why, 'Add it to the Eip, as spec.bgp.communities or largeCommunities.'),
      );
    }
  }
  return { communities, largeCommunities };
}
