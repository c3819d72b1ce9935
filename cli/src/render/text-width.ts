/** East Asian Wide and Fullwidth (UAX #11), as far as our texts and names can have it: two columns of a terminal. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
// What `coloured` puts around a text.
const COLOUR = /\u001b\[\d+m/g;

/** Columns that a text takes on a terminal. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text.replaceAll(COLOUR, '')) width += WIDE.test(character) ? 2 : 1;
  return width;
}

export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

/** Lines of at most `width` columns, broken at spaces and between wide characters; a longer word stands on a line of its own. */
export function wrapped(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => wrappedLine(line, width));
}

function wrappedLine(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const piece of piecesOf(text)) {
    if (line !== '' && textWidth(line) + textWidth(piece.trimEnd()) > width) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += piece;
  }
  lines.push(line.trimEnd());
  return lines;
}

/** Words with the spaces behind them, wide characters one by one; each with the punctuation that must not begin a line. */
function piecesOf(text: string): string[] {
  return text.match(/(?:[^\s\u2e80-\uff60]+|[\u2e80-\uff60])[，。、；：！？）]*\s*|\s+/gu) ?? [];
}
