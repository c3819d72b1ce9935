/** How something is meant to look: what is well, what to look at, what is bad, what matters less. */
export type Tone = 'good' | 'warning' | 'bad' | 'quiet' | 'bold';

/** What a table depends on besides the answers. */
export interface View {
  /** Columns that there are. */
  readonly width: number;
  /** Lines that there are; undefined: nobody looks at a screen. */
  readonly height?: number | undefined;
  /** For ages. */
  readonly now: Date;
  /** Colours a text, or not. */
  readonly paint: (tone: Tone, text: string) => string;
}

const CODES: Readonly<Record<Tone, string>> = { good: '32', warning: '33', bad: '31', quiet: '2', bold: '1' };

export const plain: View['paint'] = (_tone, text) => text;

export const coloured: View['paint'] = (tone, text) => (text === '' ? text : `\u001b[${CODES[tone]}m${text}\u001b[0m`);
