/** A value of JSON as YAML, for people to read and change. What they make of it is read by the API server. */
export function yamlText(value: unknown): string {
  return `${lines(value).join('\n')}\n`;
}

function lines(value: unknown): string[] {
  if (Array.isArray(value)) return value.length === 0 ? ['[]'] : value.flatMap(item);
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    return entries.length === 0 ? ['{}'] : entries.flatMap(([key, inner]) => entry(key, inner));
  }
  return [scalar(value)];
}

function item(value: unknown): string[] {
  const [first = '', ...rest] = lines(value);
  return [`- ${first}`, ...rest.map((line) => `  ${line}`)];
}

function entry(key: string, value: unknown): string[] {
  const inner = lines(value);
  if (isBlock(value)) return [`${scalar(key)}:`, ...inner.map((line) => `  ${line}`)];
  return [`${scalar(key)}: ${inner[0] ?? ''}`];
}

function isBlock(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/** Words that YAML of one version or another takes for something else than text; the last is a number without digits before its exponent. */
const WORDS = /^(true|false|yes|no|on|off|y|n|null|e[-+]?[\d_]+)$/i;

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  const isPlain = /^[A-Za-z_][\w./-]*( [\w./-]+)*$/.test(value) && !WORDS.test(value);
  return isPlain ? value : JSON.stringify(value);
}
