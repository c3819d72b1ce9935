/** Stands in for the console's own library. */
interface Asked {
  readonly module: string;
  readonly action: string;
}

const granted = new Set<string>();

/** What the roles of who is signed in let do, from now on: actions, those of other modules than PorterLB's as `MODULE:ACTION`. */
export function grant(...actions: readonly string[]): void {
  granted.clear();
  for (const action of actions) granted.add(action);
}

export function hasPermission({ module, action }: Asked): boolean {
  return granted.has(module === 'porterlb' ? action : `${module}:${action}`);
}
