/** Services that carry more than so many names or addresses are read up to here: annotations are tenants' input. */
export const MAX_LIST = 8;
/** Longer than any name of a pool that can be created, or any address. */
const MAX_ITEM = 256;

function itemsOf(text: string | undefined): string[] {
  const items = (text ?? '').split(',', 4 * MAX_LIST).map((item) => item.trim());
  return items.filter((item) => item !== '').map((item) => item.slice(0, MAX_ITEM));
}

/** The items of an annotation that is a comma-separated list, without spaces around them; empty ones are left out. */
export function commaList(text: string | undefined): string[] {
  return itemsOf(text).slice(0, MAX_LIST);
}

/** Items that `commaList` has no place for; not all of them. */
export function beyondList(text: string | undefined): string[] {
  return itemsOf(text).slice(MAX_LIST);
}
