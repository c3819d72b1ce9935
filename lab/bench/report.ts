/** What a figure should be, and whether it is. */
export interface Goal {
  readonly text: string;
  readonly met: boolean;
}

export interface Row {
  readonly what: string;
  readonly figure: string;
  readonly goal?: Goal;
}

/** One line: `what   figure   goal < 1 s: met`. */
export function line({ what, figure, goal }: Row): string {
  const start = what.padEnd(52) + figure;
  return goal === undefined ? start : `${start.padEnd(93)} goal ${goal.text}: ${goal.met ? 'met' : 'MISSED'}`;
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printRow(what: string, figure: string, goal?: Goal): void {
  print(line({ what, figure, ...(goal === undefined ? {} : { goal }) }));
}
