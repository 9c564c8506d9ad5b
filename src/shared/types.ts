// Types that every room may use.

export type Env = Readonly<Record<string, string | undefined>>;

export type Warn = (message: string) => void;

/** Lines of a Dockerfile, counted from 1. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly endLine: number;
}

export declare const brand: unique symbol;
