// Cancels a run on the runner's signals or Ctrl-C; for the build and the cleanup.
import { setMaxListeners } from 'node:events';
import { CancelledError } from './process.js';

/** GitHub kills what still runs 7.5 s after SIGINT; children get 4 s of it. */
export const LEAVE_AFTER_MS = 6000;

/** A terminal that is closed sends SIGHUP; children have sessions of their own and would run on. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type CancellingSignal = (typeof SIGNALS)[number];

export interface Cancellation {
  /** Fires when the run is cancelled: nothing new may be started. */
  readonly signal: AbortSignal;
  /** What cancelled the run; null while nothing has. */
  readonly readCause: () => CancellingSignal | null;
  /** Rejects with CancelledError when the time that GitHub gives a cancelled run is over. */
  readonly overdue: Promise<never>;
}

export function listenForSignals(): Cancellation {
  const controller = new AbortController();
  // Each request adds a listener, and Node warns of more than ten.
  setMaxListeners(0, controller.signal);
  let cause: CancellingSignal | null = null;
  const overdue = new Promise<never>((_resolve, reject) => {
    for (const signal of SIGNALS) {
      // Not `once`: npm passes on a Ctrl-C that the terminal has sent already, and the second would leave the login behind.
      process.on(signal, () => {
        if (cause !== null) return;
        cause = signal;
        controller.abort(new CancelledError(`The run was cancelled (${signal}).`));
        setTimeout(() => {
          reject(new CancelledError(`The run was cancelled (${signal}).`));
        }, LEAVE_AFTER_MS).unref();
      });
    }
  });
  return { signal: controller.signal, readCause: () => cause, overdue };
}

/**
 * Waits for work that may be abandoned at any time, because it changes nothing.
 * @throws CancelledError as soon as the run is cancelled, whatever the work is waiting for
 */
export async function untilCancelled<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let leave = (): void => undefined;
  const cancelled = new Promise<never>((_resolve, reject) => {
    leave = () => {
      reject(new CancelledError('The run was cancelled before it had changed anything.'));
    };
  });
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  try {
    return await Promise.race([work, cancelled]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
