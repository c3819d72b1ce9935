/** Stands in for the console's own library. */
interface Asked {
  readonly action: string;
}

const granted = new Set<string>();

/** What the roles of who is signed in let do, from now on. */
export function grant(...actions: readonly string[]): void {
  granted.clear();
  for (const action of actions) granted.add(action);
}

export function hasPermission({ action }: Asked): boolean {
  return granted.has(action);
}
