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
const LEAST_WIDTH = 60;
const MOST_WIDTH = 160;

export function processTerminal({ stdout, stderr, env }: NodeJS.Process): Terminal {
  const isTty = stdout.isTTY === true;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    isTty,
    // https://no-color.org
    colours: isTty && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
    width: () => Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, isTty ? stdout.columns : WIDTH_OF_NO_TERMINAL)),
    height: () => (isTty ? stdout.rows : undefined),
  };
}
