/** At most `max` characters, with a sign that something is missing. Half a surrogate pair would be replaced by the API server, and never compare equal again. */
export function shortened(text: string, max: number): string {
  return (text.length > max ? `${text.slice(0, max - 1)}…` : text).toWellFormed();
}
