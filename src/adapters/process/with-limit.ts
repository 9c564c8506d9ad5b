// Bounds an asynchronous task: it ends at a time limit, or when the run is cancelled.

/** No result within the limit. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/**
 * @param cancel fires when the run is cancelled; null where nothing cancels it
 * @param work gets a signal that fires in both cases; if it goes on, it is not waited for
 * @throws the reason of `cancel`, NoAnswerError, or what the work throws
 */
export async function withLimit<T>(
  cancel: AbortSignal | null,
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  cancel?.throwIfAborted();
  const controller = new AbortController();
  let fail: (error: unknown) => void = () => undefined;
  const ended = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const end = (reason: unknown): void => {
    controller.abort(reason);
    fail(reason);
  };
  const onCancel = (): void => end(cancel?.reason);
  cancel?.addEventListener('abort', onCancel, { once: true });
  // Not AbortSignal.timeout and AbortSignal.any: the timer of a signal that only another one refers to may never fire.
  const timer = setTimeout(
    () => end(new NoAnswerError(`it gave no answer within ${milliseconds / 1000} s`)),
    milliseconds,
  );
  try {
    const working = work(controller.signal);
    // A later error of the work must not become an unhandled rejection.
    working.catch(() => undefined);
    return await Promise.race([working, ended]);
  } finally {
    clearTimeout(timer);
    cancel?.removeEventListener('abort', onCancel);
  }
}
