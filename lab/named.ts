/** The one of this name. @throws {RangeError} if there is none, naming those that are. */
export function named<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  const found = all.find((one) => one.name === name);
  if (found === undefined) {
    throw new RangeError(`the lab has no ${name}, only ${all.map((one) => one.name).join(', ') || 'none of its kind'}`);
  }
  return found;
}
