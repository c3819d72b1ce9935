interface Said {
  readonly message: string;
  readonly text?: string | undefined;
}

/** What is said of an object, in the language of the page; an API that is older says it in English alone. */
export function told(said: Said): string {
  return said.text ?? said.message;
}

/** The same where nothing may have been said yet. */
export function detailOf(said: Said | null | undefined): string | undefined {
  return said === null || said === undefined ? undefined : told(said);
}
