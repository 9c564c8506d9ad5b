// Reads lines of any length, as builds and scripts print them, in linear time and bounded memory. Pure.

/** Characters of a line that a log shows: a page with a line of a megabyte does not open. */
export const LONGEST_LOGGED = 8000;
/** For a line of a step's output: leaves room for the step's name before it. */
export const LONGEST_PRINTED = 6000;
/** For a line in an error message: 20 such lines fit into an annotation, which GitHub cuts at 64 kB. */
export const LONGEST_QUOTED = 2000;

/**
 * The beginning of a line and its end, where programs put the reason, and how much is left out between them.
 * @param most characters, 500 or more: no result is longer
 */
export function shortenLine(line: string, most: number): string {
  return line.length <= most ? line : leaveOut(line, most, 0);
}

/** The same for each line of a text. */
export function shortenLines(text: string, most: number): string {
  return text.length <= most
    ? text
    : text
        .split('\n')
        .map((line) => shortenLine(line, most))
        .join('\n');
}

/** @param before how many characters were left out already, between the beginning and the end of the text */
function leaveOut(text: string, most: number, before: number): string {
  const { head, tail } = getParts(most);
  const count = before + text.length - head - tail;
  return `${text.slice(0, head)} … ${count} characters left out … ${text.slice(text.length - tail)}`;
}

function getParts(most: number): { readonly head: number; readonly tail: number } {
  return { head: Math.floor(most * 0.7), tail: Math.floor(most * 0.2) };
}

const RETURN = 13;

/**
 * Puts lines together from pieces of any size. As on a terminal, text before a carriage return is overwritten. Time is
 * linear in the characters, also without line breaks, and memory is bounded.
 */
export class LineBuffer {
  private readonly most: number;
  /** The line so far: all of it, or its beginning and its end. */
  private text = '';
  private leftOut = 0;
  /** The line so far ends in a carriage return. */
  private returned = false;

  /** @param most as for `shortenLine` */
  constructor(most: number) {
    this.most = most;
  }

  /** @returns the lines that are complete now, without their line breaks */
  push(piece: string): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = piece.indexOf('\n'); end !== -1; end = piece.indexOf('\n', start)) {
      lines.push(this.finish(piece.slice(start, end)));
      start = end + 1;
    }
    this.add(piece.slice(start));
    return lines;
  }

  /** @returns the text since the last line break; none when it is empty */
  flush(): string[] {
    const rest = this.take();
    return rest === '' ? [] : [rest];
  }

  /** Fast path for a line that comes in one piece. */
  private finish(part: string): string {
    const whole = this.text === '' && !this.returned && part.length <= this.most && !part.includes('\r');
    if (whole) return part;
    this.add(part);
    return this.take();
  }

  private add(part: string): void {
    let end = part.length;
    while (end > 0 && part.charCodeAt(end - 1) === RETURN) end -= 1;
    const returned = end < part.length;
    if (end === 0) {
      this.returned ||= returned;
      return;
    }
    const start = part.lastIndexOf('\r', end - 1) + 1;
    if (start > 0 || this.returned) this.clear();
    this.returned = returned;
    this.text += part.slice(start, end);
    // Only after as many new characters, so that each character is moved a bounded number of times.
    if (this.text.length <= 2 * this.most) return;
    const { head, tail } = getParts(this.most);
    this.leftOut += this.text.length - head - tail;
    this.text = this.text.slice(0, head) + this.text.slice(this.text.length - tail);
  }

  private take(): string {
    const line = this.leftOut === 0 ? shortenLine(this.text, this.most) : leaveOut(this.text, this.most, this.leftOut);
    this.clear();
    return line;
  }

  private clear(): void {
    this.text = '';
    this.leftOut = 0;
    this.returned = false;
  }
}

/** The last lines of an output, within a number of characters. */
export class LastLines {
  private readonly most: number;
  private lines: string[] = [];
  /** Index of the first line that counts. */
  private first = 0;
  private length = 0;

  constructor(most: number) {
    this.most = most;
  }

  push(line: string): void {
    this.lines.push(line);
    this.length += line.length + 1;
    while (this.length > this.most && this.first < this.lines.length - 1) {
      this.length -= (this.lines[this.first] ?? '').length + 1;
      this.first += 1;
    }
    // Many at once: removing the first of an array moves all others.
    if (this.first <= this.lines.length / 2) return;
    this.lines = this.lines.slice(this.first);
    this.first = 0;
  }

  /** Joined by line breaks. */
  get text(): string {
    return this.lines.slice(this.first).join('\n');
  }
}
