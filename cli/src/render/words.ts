const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, as kubectl has it: 12s, 5m, 3h, 2d. A time of the future (clocks differ) is 0s. */
export function age(time: string | null | undefined, now: Date): string | undefined {
  if (time === null || time === undefined) return undefined;
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(time)) / 1000));
  if (Number.isNaN(seconds)) return undefined;
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 2 * HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  return seconds < 2 * DAY ? `${Math.floor(seconds / HOUR)}h` : `${Math.floor(seconds / DAY)}d`;
}

/** `1 address`, `2 addresses`. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** The first of a list, and how many more there are. */
export function firstOf(items: readonly string[], most: number): string {
  const shown = items.slice(0, most).join(', ');
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}

/** `namespace/name` of Services; null: one that the caller may not see. */
export function servicesText(services: readonly (string | null)[]): string {
  return services.map((name) => name ?? '(not yours)').join(', ');
}

/** The first by rank, lowest first, if there are more than so many; all of them, as they come, if not. */
export function ranked<T>(items: readonly T[], most: number, rank: (item: T) => number): readonly T[] {
  return items.length <= most ? items : items.toSorted((a, b) => rank(a) - rank(b)).slice(0, most);
}

/** How many of a list are left out, and what lists them. */
export function andMore(shown: readonly unknown[], totalItems: number, command: string): string {
  const more = totalItems - shown.length;
  return more > 0 ? `and ${more} more: kubectl porterlb ${command}\n` : '';
}

/** A list of which the API gave one page. */
export function cutOff(items: readonly unknown[], totalItems: number): string {
  return items.length < totalItems ? `The first ${items.length} of ${totalItems}.\n` : '';
}
