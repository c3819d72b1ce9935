/** Receives one line of plain text for every step that takes noticeable time. Never called for things that are already done. */
export type Progress = (line: string) => void;

/** Progress for a command line program: standard error, so that standard output stays what the program prints. */
export const progressToStderr: Progress = (line) => {
  process.stderr.write(`lab: ${line}\n`);
};

/** For callers that don't want to hear it. */
export const noProgress: Progress = () => {};

/** Something that the lab needs is not there and can't be installed by us. Programs that meet it exit with 2. */
export class MissingRequirements extends Error {
  override readonly name = 'MissingRequirements';
  readonly exitCode = 2;
}
