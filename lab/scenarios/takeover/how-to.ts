import assert from 'node:assert/strict';
import { PageReader } from '../../story/page-reader.ts';

const INSTALL = '1. Install PorterLB beside it';

/** The commands of the page, each for its moment, with what readers have of their own. */
export interface HowTo {
  readonly bindings: string;
  /** With further arguments for helm. */
  readonly install: (...args: readonly string[]) => string;
  readonly letLook: (namespace: string, name: string) => string;
  readonly dryRun: string;
  readonly apply: string;
  readonly look: string;
  readonly rollback: string;
  readonly keepByHand: (namespace: string, name: string, address: string) => string;
  readonly remove: string;
}

/** @param test the path by which the page's blocks name who runs them */
export function readHowTo(page: string, test: string): HowTo {
  const { commands } = new PageReader(page, test);
  const left = new Set(commands);
  const next = (heading: string): string => {
    const fence =
      [...left].find((each) => each.heading === heading) ?? assert.fail(`${page} has commands below ${heading}`);
    left.delete(fence);
    return fence.text;
  };
  const bindings = next(INSTALL);
  const install = next(INSTALL);
  const look = next('Let replicas look');
  const keep = next('By hand');
  const found: HowTo = {
    bindings,
    install: (...args) => install.replace(/porterlb-\S+\.tgz/, ['charts/backend', ...args].join(' ')),
    letLook: (namespace, name) => filled(look, { NAMESPACE: namespace, NAME: name }),
    dryRun: next('2. See what would happen'),
    apply: next('3. Take over'),
    look: next('4. Look'),
    rollback: next('The way back'),
    keepByHand: (namespace, name, address) => filled(keep, { NAMESPACE: namespace, NAME: name, ADDRESS: address }),
    remove: next('5. Remove what is left of OpenELB'),
  };
  assert.deepEqual([...left], [], 'all blocks have their moment');
  return found;
}

function filled(text: string, own: Readonly<Record<string, string>>): string {
  return Object.entries(own).reduce((result, [theirs, ours]) => {
    assert.match(result, new RegExp(`\\b${theirs}\\b`));
    return result.replaceAll(new RegExp(`\\b${theirs}\\b`, 'g'), ours);
  }, text);
}
