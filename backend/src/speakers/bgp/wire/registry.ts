/** A numeric registry that reads both ways; a code without a name has a reversible one (`cease-subcode-42`). */
export interface Registry {
  name(code: number): string;
  /** @throws RangeError for a name that is neither in the table nor of the unknown form. */
  code(name: string): number;
}

/** @param prefix start of the names of codes that the table lacks: `<prefix>-<code>`. */
export function registry(prefix: string, names: Readonly<Record<number, string>>): Registry {
  const codes = new Map(Object.entries(names).map(([code, name]) => [name, Number(code)]));
  const unknown = new RegExp(`^${prefix}-(\\d{1,10})$`);
  return {
    name: (code) => names[code] ?? `${prefix}-${code}`,
    code(name) {
      const known = codes.get(name) ?? unknown.exec(name)?.[1];
      if (known === undefined) throw new RangeError(`${name} is not a name of the ${prefix} registry`);
      return Number(known);
    },
  };
}
