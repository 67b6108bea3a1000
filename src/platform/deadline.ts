/** Whether the work was done, or will be, is not known. */
export class NoAnswerInTime extends Error {}

/** The work's result. @throws NoAnswerInTime when it takes longer than `timeoutMs`; the work itself goes on, unobserved */
export async function within<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswerInTime(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work(), expired]);
  } finally {
    clearTimeout(timer);
  }
}
