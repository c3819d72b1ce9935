/** Where output goes, and what is known of it. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether somebody looks at it, rather than a program. */
  readonly isTty: boolean;
  readonly colours: boolean;
  readonly width: () => number;
  readonly height: () => number | undefined;
}

const WIDTH_OF_NO_TERMINAL = 120;
/** Of one that says that it has none, as a console may that nobody has told. */
const USUAL = { width: 80, height: 24 };
const LEAST_WIDTH = 60;
const MOST_WIDTH = 160;

function known(size: number | undefined, usual: number): number {
  return size === undefined || size === 0 ? usual : size;
}

export function processTerminal({ stdout, stderr, env }: NodeJS.Process): Terminal {
  const isTty = stdout.isTTY === true;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    isTty,
    // https://no-color.org
    colours: isTty && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
    width: () =>
      Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, isTty ? known(stdout.columns, USUAL.width) : WIDTH_OF_NO_TERMINAL)),
    height: () => (isTty ? known(stdout.rows, USUAL.height) : undefined),
  };
}
