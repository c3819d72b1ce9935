/** The manager's JSON lines, for people. */
export interface LogPrinterOptions {
  /** Lines below this level are left out. */
  readonly level: string;
  readonly color: boolean;
}

const levels = ['debug', 'info', 'warn', 'error'];
const colors: Readonly<Record<string, string>> = { debug: '2', info: '32', warn: '33', error: '31' };
/** The same on every line of one replica, or shown elsewhere. */
const known = new Set(['level', 'ts', 'component', 'replica', 'msg']);

export class LogPrinter {
  readonly #options: LogPrinterOptions;

  constructor(options: LogPrinterOptions) {
    this.#options = options;
  }

  /** A line to print; undefined if it is below the level. What is no JSON line of ours (a crash, say) stays as it is. */
  format(line: string): string | undefined {
    const record = parseRecord(line);
    if (record === undefined) return line;
    const level = String(record['level']);
    if (levels.indexOf(level) < levels.indexOf(this.#options.level)) return undefined;
    const time = String(record['ts']).slice(11, 23);
    const fields = Object.entries(record).filter(([key]) => !known.has(key));
    const text = fields.map(([key, value]) => this.#dim(`${key}=`) + valueText(value)).join(' ');
    const head = `${this.#dim(time)} ${this.#paint(level.padEnd(5), colors[level])} ${this.#dim(componentOf(record))}`;
    return `${head} ${String(record['msg'])}  ${text}`.trimEnd();
  }

  #dim(text: string): string {
    return this.#paint(text, '2');
  }

  #paint(text: string, color: string | undefined): string {
    return this.#options.color && color !== undefined ? `\u001b[${color}m${text}\u001b[0m` : text;
  }
}

type LogRecord = Readonly<Record<string, unknown>>;

function parseRecord(line: string): LogRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'level' in value ? value : undefined;
  } catch {
    return undefined;
  }
}

function componentOf(record: LogRecord): string {
  return String(record['component']).padEnd(8);
}

/** An error by its stack, which has line breaks that JSON would hide. */
function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  const stack = typeof value === 'object' && value !== null ? (value as { stack?: unknown }).stack : undefined;
  return typeof stack === 'string' ? `\n    ${stack.replaceAll('\n', '\n    ')}` : JSON.stringify(value);
}
